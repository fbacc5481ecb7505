// The official TypeScript SDK's client on a gate: client.mjs stdio COMMAND... | client.mjs http URL TOKEN KEY
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

const capabilities = client.getServerCapabilities();
assert.deepEqual(Object.keys(capabilities), ["tools"]);
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name).sort(),
  ["echo", "get-structured-content", "get-sum", "trigger-long-running-operation"]);
const call = (name, args, options) => client.callTool({ name, arguments: args }, undefined, options);
const text = (result) => result.content.map((block) => block.text).join("\n");

assert.equal(text(await call("echo", { message: "hello" })), "Echo: hello");
const denied = await call("echo", { message: "HELLO" });
assert.ok(denied.isError && text(denied).includes("Refused (default_deny)"), text(denied));
assert.equal(denied._meta["wpc/refusal"].code, "default_deny");
const weather = await call("get-structured-content", { location: "New York" });
assert.ok(weather.structuredContent.conditions);
await assert.rejects(client.request({ method: "resources/read", params: { uri: "x" } }, { parse: (x) => x }),
  (error) => error.code === -32601);
await assert.rejects(client.request({ method: "no/such/method" }, { parse: (x) => x }),
  (error) => error.code === -32601);
await client.ping();

let seen = 0;
await call("trigger-long-running-operation", { duration: 1, steps: 4 }, { onprogress: () => { seen += 1; } });
assert.ok(seen >= 3, `${seen} steps were told`);
const abort = new AbortController();
setTimeout(() => abort.abort("enough"), 500);
await assert.rejects(
  call("trigger-long-running-operation", { duration: 60, steps: 60 }, { signal: abort.signal }));

const calls = Array.from({ length: mode === "stdio" ? 1000 : 200 }, async (_, number) => {
  const result = await call("echo", { message: `n ${number}` });
  assert.equal(text(result), `Echo: n ${number}`);
});
await Promise.all(calls);
await client.close();
console.log(`   TypeScript, ${mode}: as it should be`);
