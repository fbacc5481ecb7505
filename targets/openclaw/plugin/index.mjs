// The second wall: a hook that refuses every tool call which the policy does not let this agent make.
//
// It decides by the list that `wpc emit openclaw` wrote, and nothing else: the gate behind the MCP server decides
// the call itself. Whatever goes wrong here throws, and OpenClaw blocks a call whose hook throws.
import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";

const ID = "wpc-gate";

/** The lists by agent, looked at strictly: a configuration that cannot be read allows nothing. */
export function lists(config) {
  const agents = new Map();
  if (typeof config?.policy !== "string" || config.policy === "") throw new Error("no policy is named");
  if (typeof config.agents !== "object" || config.agents === null) throw new Error("no agents are named");
  for (const [agent, tools] of Object.entries(config.agents)) {
    if (!Array.isArray(tools) || tools.some((tool) => typeof tool !== "string" || tool === "")) {
      throw new Error(`the tools of ${agent} are no list of names`);
    }
    agents.set(agent.toLowerCase(), new Set(tools.map((tool) => tool.toLowerCase())));
  }
  return { policy: config.policy, agents };
}

/** What is said of a call: undefined lets the next wall decide, a block ends it. */
export function decide({ policy, agents }, toolName, agentId) {
  const agent = String(agentId ?? "").toLowerCase();
  const tools = agents.get(agent);
  const name = String(toolName ?? "").toLowerCase();
  if (tools?.has(name)) return undefined;
  const why = tools ? "is no tool that the policy allows" : "was called by an agent that the policy does not name";
  const allowed = tools && tools.size > 0 ? `Allowed are: ${[...tools].sort().join(", ")}.` : "No tool is allowed.";
  return { block: true, blockReason: `tool_not_allowed: ${name} ${why} (${policy}). ${allowed} Do not try it again.` };
}

export default definePluginEntry({
  id: ID,
  name: "wpc gate",
  description: "Refuses every tool call that a policy does not allow, before it is made",
  register(api) {
    api.on("before_tool_call", (event, ctx) => decide(lists(api.pluginConfig), event?.toolName, ctx?.agentId), {
      priority: 1000,
    });
  },
});
