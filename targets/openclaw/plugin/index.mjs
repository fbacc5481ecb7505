// The second wall: a hook that asks the gate about every tool call before OpenClaw makes it.
//
// The gate behind the MCP server decides the call itself, whatever was answered here. Whatever goes wrong throws or
// blocks, and OpenClaw blocks a call whose hook throws.
import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
import { decide, read } from "./gate.mjs";

const ID = "wpc-gate";

/** The call as OpenClaw tells of it. */
function called(event, ctx) {
  return {
    tool: event?.toolName,
    arguments: event?.params,
    agent: ctx?.agentId,
    stamp: {
      agent: ctx?.agentId,
      session: ctx?.sessionKey ?? ctx?.sessionId,
      run: ctx?.runId ?? event?.runId,
      call: ctx?.toolCallId ?? event?.toolCallId,
    },
    signal: ctx?.abortSignal,
  };
}

export default definePluginEntry({
  id: ID,
  name: "wpc gate",
  description: "Asks the gate about every tool call, and blocks what it refuses, before the call is made",
  register(api) {
    const world = { env: process.env };
    api.on("before_tool_call", async (event, ctx) => decide(read(api.pluginConfig), called(event, ctx), world), {
      priority: 1000,
    });
  },
});
