// The plugin without OpenClaw, before a gate that answers anything: plugin.mjs PLUGIN
import assert from "node:assert/strict";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

const { answer, decide, read, stamp } = await import(pathToFileURL(path.resolve(process.argv[2], "gate.mjs")).href);

let gate;
let at;
/** How the gate answers, and what it was asked. */
let says;
let asked = [];
before(async () => {
  gate = http.createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      asked.push({ path: request.url, headers: request.headers, body: JSON.parse(body) });
      says(response);
    });
  });
  await new Promise((ready) => gate.listen(0, "127.0.0.1", ready));
  at = `http://127.0.0.1:${gate.address().port}/ask`;
});
after(() => gate.closeAllConnections() ?? gate.close());

const answers = (body, status = 200) => (response) => response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
const deny = { decision: "deny", code: "default_deny", message: "Refused (default_deny): no." };
const config = (more = {}) => ({
  policy: "HASH",
  agents: [{ id: "billing", servers: [
    { name: "bus", ask: at, tokenVariable: "WPC_TOKEN", grantVariable: "WPC_GRANT", tools: [{ name: "bus__send", gate: "send" }], ...more },
    { name: "own", launched: true, tools: [{ name: "own__look", gate: "look" }] },
  ] }, { id: "nobody", servers: [] }],
});
const env = { WPC_TOKEN: "the-token", WPC_GRANT: "the-grant" };
async function told(tool, { agent = "billing", world = { env, fetch }, settings = config(), signal } = {}) {
  asked = [];
  const call = { tool, arguments: { to: "orders" }, agent, stamp: { agent, session: "s\n1", run: undefined, call: "c" }, signal };
  return (await decide(read(settings), call, world))?.blockReason;
}

test("what the gate allows goes on, and what it refuses is blocked in its words", async () => {
  says = answers({ decision: "allow" });
  assert.equal(await told("Bus__Send"), undefined);
  const [{ path: door, headers, body }] = asked;
  assert.deepEqual([door, headers.authorization, headers["wpc-grant"]], ["/ask", "Bearer the-token", "the-grant"]);
  assert.deepEqual(body, { tool: "send", arguments: { to: "orders" }, stamp: { agent: "billing", session: "s?1", call: "c" } });
  says = answers(deny);
  assert.equal(await told("bus__send"), deny.message);
  assert.equal(asked.length, 1);
});

test("what is not listed is told to the gate and blocked whatever it says", async () => {
  for (const answer of [answers({ decision: "allow" }), answers(deny)]) {
    says = answer;
    assert.match(await told("exec"), /^tool_not_allowed: exec is no tool .*\(HASH\)\. Allowed are: bus__send, own__look\..*again\.$/);
    assert.deepEqual(asked.map((one) => one.body.tool), ["openclaw:exec"]);
    // Not even if the gate has a tool of that name.
    assert.match(await told("send"), /^tool_not_allowed/);
    assert.deepEqual(asked.map((one) => one.body.tool), ["openclaw:send"]);
  }
  says = answers("", 500);
  assert.match(await told("exec"), /^tool_not_allowed: .* It is not recorded: it answered 500\.$/);
  assert.match(await told("bus__send", { agent: "main" }), /^tool_not_allowed/);
  assert.match(await told("bus__send", { agent: null }), /^tool_not_allowed/);
  assert.match(await told("bus__send", { agent: "nobody" }), /^tool_not_allowed/);
  assert.equal(asked.length, 0);
});

test("a gate that OpenClaw launches is not asked", async () => {
  assert.equal(await told("own__look"), undefined);
  assert.equal(asked.length, 0);
});

test("without one of two answers every call is blocked, once asked", async () => {
  for (const [answer, why] of [
    [answers("nonsense"), "its answer is none"],
    [answers("null"), "its answer is none"],
    [answers({ decision: "allow", more: 1 }), "its answer is none"],
    [answers({ decision: "Allow" }), "its answer is none"],
    [answers({ ...deny, message: "" }), "its answer is none"],
    [answers({ ...deny, code: "Default" }), "its answer is none"],
    [answers({ decision: "deny" }), "its answer is none"],
    [answers({ decision: "allow" }, 201), "it answered 201"],
    [answers({ code: "token_expired", message: "the token is old" }, 401), "it answered 401, token_expired"],
    [answers({ code: "<script>" }, 403), "it answered 403"],
    [answers("x".repeat(70_000)), "its answer is too long"],
    [(response) => response.writeHead(307, { location: at }).end(), "it gave no answer"],
    [(response) => response.socket.destroy(), "it gave no answer"],
  ]) {
    says = answer;
    assert.equal(await told("bus__send"), `gate_unavailable: the gate did not decide this call: ${why}. Nothing was done. Tell the user; do not try to reach the same end another way.`);
    assert.equal(asked.length, 1, why);
  }
  says = () => {};
  assert.match(await told("bus__send", { signal: AbortSignal.timeout(50) }), /^gate_unavailable: .*it gave no answer/);
  const gone = config({ ask: "http://127.0.0.1:1/ask" });
  assert.match(await told("bus__send", { settings: gone }), /^gate_unavailable: .*it gave no answer/);
  for (const missing of [{}, { WPC_TOKEN: "a" }, { ...env, WPC_TOKEN: "" }, { ...env, WPC_TOKEN: "the\nsecret" }]) {
    const said = await told("bus__send", { world: { env: missing, fetch } });
    assert.match(said, /^gate_unavailable: .*WPC_(TOKEN|GRANT) is not set/);
    assert.ok(!said.includes("secret"));
    assert.equal(asked.length, 0);
  }
  const loop = {};
  loop.loop = loop;
  const call = { tool: "bus__send", arguments: loop, agent: "billing", stamp: {} };
  assert.match((await decide(read(config()), call, { env, fetch })).blockReason, /^gate_unavailable/);
});

test("a configuration that is not as it is written allows nothing", () => {
  assert.equal(read(config()).agents.size, 2);
  const [{ servers: [bus] }] = config().agents;
  const agents = (servers, id = "billing") => ({ policy: "HASH", agents: [{ id, servers }] });
  for (const wrong of [
    undefined, null, [], {}, { policy: "HASH" }, { policy: "", agents: [] }, { policy: "HASH", agents: {} },
    // The older form, by which nobody was asked.
    { policy: "HASH", agents: { billing: ["bus__send"] } },
    { policy: "HASH", agents: [], more: 1 },
    agents([bus], ""), agents({}), agents([bus, bus]), agents(["bus"]),
    { policy: "HASH", agents: [...agents([]).agents, ...agents([]).agents] },
    agents([{ ...bus, more: 1 }]), agents([{ ...bus, launched: true }]), agents([{ ...bus, ask: undefined }]),
    agents([{ name: "bus", tools: [] }]), agents([{ name: "bus", tools: [], launched: false }]),
    agents([{ ...bus, ask: "ask" }]), agents([{ ...bus, ask: "http://gate.example/ask" }]), agents([{ ...bus, ask: "http://127.0.0.1.example/ask" }]),
    agents([{ ...bus, ask: "https://u:p@gate.example/ask" }]), agents([{ ...bus, ask: "file:///ask" }]),
    agents([{ ...bus, tokenVariable: "Bearer abc" }]), agents([{ ...bus, tools: ["bus__send"] }]), agents([{ ...bus, tools: [{ name: "bus__send" }] }]),
  ]) {
    assert.throws(() => read(wrong), JSON.stringify(wrong));
  }
});

test("a stamp is short and plain", () => {
  assert.deepEqual(stamp({ agent: "a", session: "ä\u202e" + "x".repeat(300), run: "", call: 1 }), { agent: "a", session: "??" + "x".repeat(254) });
  assert.throws(() => answer(200, '{"decision":"allow","code":"x","message":"y"}'));
});
