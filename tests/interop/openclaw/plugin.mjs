// The plugin without OpenClaw, before a gate that answers anything: plugin.mjs PLUGIN
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const plugin = pathToFileURL(path.resolve(process.argv[2], "gate.mjs")).href;
const { answer, decide, read, stamp } = await import(plugin);

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

const plain = (body) => typeof body === "string" || Buffer.isBuffer(body);
const answers = (body, status = 200) => (response) => response.writeHead(status).end(plain(body) ? body : JSON.stringify(body));
const deny = { decision: "deny", code: "default_deny", message: "Refused (default_deny): no." };
const config = (more = {}) => ({
  policy: "HASH",
  agents: [{ id: "billing", servers: [
    { name: "bus", ask: at, tokenVariable: "WPC_TOKEN", grantVariable: "WPC_GRANT", tools: [{ name: "bus__send", gate: "send" }], ...more },
    { name: "own", launched: true, tools: [{ name: "own__look", gate: "look" }] },
  ] }, { id: "nobody", servers: [] }],
});
const env = { WPC_TOKEN: "the-token", WPC_GRANT: "the-grant" };
async function told(tool, { agent = "billing", world = { env }, settings = config(), signal } = {}) {
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
  // What the gate refuses it records, and what it allows it does not.
  for (const [answer, end] of [[answers({ decision: "allow" }), " It is not recorded."], [answers(deny), ""]]) {
    says = answer;
    const said = await told("exec");
    assert.match(said, /^tool_not_allowed: exec is no tool .*\(HASH\)\. Allowed are: bus__send, own__look\. /);
    assert.ok(said.endsWith(`Do not try it again.${end}`), said);
    assert.deepEqual(asked.map((one) => one.body.tool), ["openclaw:exec"]);
    // Not even if the gate has a tool of that name.
    assert.match(await told("send"), /^tool_not_allowed/);
    assert.deepEqual(asked.map((one) => one.body.tool), ["openclaw:send"]);
  }
});

test("it is told whether the ledger has an attempt, as far as that is known", async () => {
  const ends = async (tool, end, more) => {
    const said = await told(tool, more);
    assert.match(said, /^tool_not_allowed/);
    assert.ok(said.endsWith(end) && said.split("recorded").length - 1 === end.split("recorded").length - 1, said);
  };
  says = answers("", 500);
  await ends("exec", " again. It may be unrecorded: it answered 500.");
  says = (response) => response.socket.destroy();
  await ends("exec", " again. It may be unrecorded: it gave no answer.");
  await ends("exec", " again. It may be unrecorded: WPC_TOKEN is not set.", { world: { env: {} } });
  // The gate records what it cannot read.
  says = answers({ code: "too_large", message: "m" }, 413);
  await ends("exec", " again. The gate could not read it: it answered 413, too_large.");
  says = answers({ code: "bad_name", message: "m" }, 400);
  await ends("exec", " again. The gate could not read it: it answered 400, bad_name.");
  assert.equal(asked.length, 1);
  // Nobody is asked for an agent that the policy does not name, for one without tools, and where every gate is launched.
  const launched = config();
  launched.agents[0].servers.shift();
  for (const [tool, end, more] of [
    ["bus__send", " No tool is allowed. It is not recorded.", { agent: "main" }],
    ["bus__send", " No tool is allowed. It is not recorded.", { agent: null }],
    ["bus__send", " again. It is not recorded.", { agent: "nobody" }],
    ["exec", " Allowed are: own__look. Do not try it again. It is not recorded.", { settings: launched }],
  ]) {
    await ends(tool, end, more);
    assert.equal(asked.length, 0);
  }
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
    [(response) => response.writeHead(307, { location: at }).end(), "it answered 307"],
    [(response) => response.socket.destroy(), "it gave no answer"],
    // Cut off: what came would be an answer.
    [(response) => response.writeHead(200, { "content-length": 99 }).write('{"decision":"allow"}', () => response.socket.destroy()), "it gave no answer"],
    [(response) => response.writeHead(200).write('{"decision":"allow"}', () => response.socket.destroy()), "it gave no answer"],
    [(response) => response.socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), "it gave no answer"],
    [(response) => response.socket.end("nonsense\r\n\r\n"), "it gave no answer"],
    [answers(Buffer.from([0x22, 0xff, 0x22])), "it gave no answer"],
  ]) {
    says = answer;
    const since = performance.now();
    assert.equal(await told("bus__send"), `gate_unavailable: the gate did not decide this call: ${why}. Nothing was done. Tell the user; do not try to reach the same end another way.`);
    assert.equal(asked.length, 1, why);
    // At once, and not when the time is up.
    assert.ok(performance.now() - since < 4_500);
  }
  const gone = config({ ask: "http://127.0.0.1:1/ask" });
  assert.match(await told("bus__send", { settings: gone }), /^gate_unavailable: .*it gave no answer/);
  for (const missing of [{}, { WPC_TOKEN: "a" }, { ...env, WPC_TOKEN: "" }, { ...env, WPC_TOKEN: "the\nsecret" }]) {
    const said = await told("bus__send", { world: { env: missing } });
    assert.match(said, /^gate_unavailable: .*WPC_(TOKEN|GRANT) is not set/);
    assert.ok(!said.includes("secret"));
    assert.equal(asked.length, 0);
  }
  const loop = {};
  loop.loop = loop;
  const call = { tool: "bus__send", arguments: loop, agent: "billing", stamp: {} };
  assert.match((await decide(read(config()), call, { env })).blockReason, /^gate_unavailable/);
});

const begun = (response) => response.writeHead(200).write('{"decision":');
const never = () => {};

test("a gate that does not answer to the end in time does not decide", { timeout: 30_000 }, async () => {
  const drips = async (response) => {
    response.writeHead(200);
    for (const one of '{"decision":"allow"}'.padStart(1_000)) {
      if (response.destroyed) return;
      response.write(one);
      await pause(20);
    }
  };
  const within = async (answer, least, most, world) => {
    says = answer;
    const since = performance.now();
    assert.match(await told("bus__send", { world }), /^gate_unavailable: .*: it gave no answer\./);
    const took = performance.now() - since;
    assert.ok(least <= took && took < most, `${took} ms`);
    assert.equal(asked.length, 1);
  };
  for (const answer of [never, begun, drips]) await within(answer, 190, 4_500, { env, withinMs: 200 });
  // As the plugin itself asks.
  await within(begun, 4_900, 8_000, { env });
});

test("OpenClaw ends a question that it no longer needs", { timeout: 20_000 }, async () => {
  for (const answer of [never, begun]) {
    const host = new AbortController();
    says = (response) => {
      answer(response);
      setTimeout(() => host.abort(), 50);
    };
    const since = performance.now();
    assert.match(await told("bus__send", { signal: host.signal }), /^gate_unavailable: .*it gave no answer/);
    assert.ok(performance.now() - since < 4_500);
    assert.equal(asked.length, 1);
  }
  assert.match(await told("bus__send", { signal: AbortSignal.abort() }), /^gate_unavailable: .*it gave no answer/);
  assert.equal(asked.length, 0);
});

test("a question goes to the gate, whatever proxies the process has", async () => {
  // As OpenClaw does: a dispatcher for all of `fetch`, and functions that drop the caller's agent.
  let strayed = 0;
  const stray = () => {
    strayed += 1;
    throw new Error("strayed");
  };
  const dispatcher = Symbol.for("undici.globalDispatcher.1");
  says = answers({ decision: "allow" });
  await fetch(at, { method: "POST", body: "{}" });
  const { request, get, globalAgent } = http;
  const dispatches = globalThis[dispatcher];
  try {
    globalThis[dispatcher] = { dispatch: stray };
    http.globalAgent = Object.assign(new http.Agent(), { addRequest: stray });
    Object.assign(http, { request: stray, get: stray });
    syncBuiltinESMExports();
    await assert.rejects(fetch(at));
    assert.throws(() => http.request(at));
    assert.equal(strayed, 2);
    assert.equal(await told("bus__send"), undefined);
    assert.deepEqual([asked.length, strayed], [1, 2]);
  } finally {
    globalThis[dispatcher] = dispatches;
    Object.assign(http, { request, get, globalAgent });
    syncBuiltinESMExports();
  }
});

test("a proxy of the environment sees no question", { timeout: 30_000 }, async (t) => {
  let seen = 0;
  const proxy = net.createServer((socket) => {
    seen += 1;
    socket.destroy();
  });
  await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
  t.after(() => proxy.close());
  const through = `http://127.0.0.1:${proxy.address().port}`;
  const variables = Object.fromEntries(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].flatMap((name) => [[name, through], [name.toLowerCase(), through]]));
  const call = { tool: "bus__send", arguments: {}, agent: "billing", stamp: {} };
  const other = async (script) => {
    asked = [];
    const given = { ...env, ...variables, NODE_USE_ENV_PROXY: "1", NO_PROXY: "", no_proxy: "" };
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env: given });
    return JSON.parse(stdout);
  };
  says = answers({ decision: "allow" });
  const decided = await other(`import { decide, read } from ${JSON.stringify(plugin)};
    const told = await decide(read(${JSON.stringify(config())}), ${JSON.stringify(call)}, { env: process.env });
    console.log(JSON.stringify(told ?? "goes on"));`);
  assert.deepEqual([decided, asked.length, seen], ["goes on", 1, 0]);
  // Older ones know no such variables.
  if (Number(process.versions.node.split(".")[0]) >= 24) {
    const fetched = `console.log(JSON.stringify(await fetch(${JSON.stringify(at)}, { method: "POST", body: "{}" }).then(() => "came", () => "strayed")));`;
    assert.deepEqual([await other(fetched), asked.length], ["strayed", 0]);
    assert.ok(seen > 0);
  }
});

test("a token goes over TLS where the URL says so", async (t) => {
  let first = Buffer.alloc(0);
  const listener = net.createServer((socket) => socket.on("error", () => {}).on("data", (part) => {
    first = Buffer.concat([first, part]);
    socket.destroy();
  }));
  await new Promise((ready) => listener.listen(0, "127.0.0.1", ready));
  t.after(() => listener.close());
  const settings = config({ ask: `https://127.0.0.1:${listener.address().port}/ask` });
  assert.match(await told("bus__send", { settings }), /^gate_unavailable: .*it gave no answer/);
  // A client's hello (RFC 8446 section 5.1).
  assert.equal(first[0], 0x16);
  assert.ok(!first.includes("the-token"));
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
