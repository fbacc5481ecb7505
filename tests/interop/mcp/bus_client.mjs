// The official TypeScript SDK's client on `wpc-service-bus`: bus_client.mjs stdio COMMAND... | http URL TOKEN KEY
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { proved } from "./proved.mjs";

const [mode, ...rest] = process.argv.slice(2);
const transport = mode === "stdio"
  ? new StdioClientTransport({ command: rest[0], args: rest.slice(1), env: process.env })
  : new StreamableHTTPClientTransport(new URL(rest[0]), { fetch: proved(...rest) });
const client = new Client({ name: "interop", version: "1" });
await client.connect(transport);
const call = (name, args, options) => client.callTool({ name, arguments: args }, undefined, options);
const text = (result) => result.content.map((block) => block.text).join("\n");
const resource = { kind: "queue", name: "orders" };
const message = (body) => ({ body, properties: { schema_version: "1" } });

assert.deepEqual(Object.keys(client.getServerCapabilities()), ["tools"]);
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name).sort(), ["abandon", "complete", "deadletter", "peek", "receive", "send"]);
const sent = await Promise.all(Array.from({ length: 50 }, (_, number) =>
  call("send", { resource, messages: [message(`${mode} ${number}`)] })));
assert.ok(sent.every((one) => one.structuredContent.status === "accepted"));
const denied = await call("send", { resource: { kind: "queue", name: "orders-prod" }, messages: [message("a")] });
assert.equal(denied._meta["wpc/refusal"].code, "default_deny");
const { structuredContent } = await call("receive", { resource, mode: "peek_lock", messages: 2 });
const handles = structuredContent.messages.map((one) => one.handle);
const settled = await call("complete", { resource, handles });
assert.equal(settled.structuredContent.status, "completed", text(settled));
const again = await call("complete", { resource, handles });
assert.ok(again.isError && text(again).includes("Failed (not_held)"), text(again));
await assert.rejects(client.request({ method: "resources/read", params: { uri: "x" } }, { parse: (x) => x }),
  (error) => error.code === -32601);
await assert.rejects(client.request({ method: "no/such/method" }, { parse: (x) => x }),
  (error) => error.code === -32601);
const abort = new AbortController();
setTimeout(() => abort.abort("enough"), 500);
const waiting = { resource: { kind: "queue", name: "waiting" }, mode: "peek_lock", messages: 1, wait_seconds: 60 };
await assert.rejects(call("receive", waiting, { signal: abort.signal }));
await client.close();
console.log(`   TypeScript on wpc-service-bus, ${mode}: as it should be`);
