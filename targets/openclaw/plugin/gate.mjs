// What the plugin reads, asks and answers. Nothing here knows OpenClaw, so that it can be tried without it.
import { Agent as ClearAgent, ClientRequest } from "node:http";
import { Agent as TlsAgent } from "node:https";

/** How long the gate may take, from the connection to the end of its answer. */
const WITHIN_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_STAMP_CHARACTERS = 256;
/** Before the names of tools that are none of the gate's: no such call is ever one of a tool that the gate has. */
const OTHERS = "openclaw:";
/** Ours alone: `fetch` and the global agents go through whatever proxy the process has, which would read the token. */
const AGENTS = { "http:": new ClearAgent(), "https:": new TlsAgent() };

const CODE = /^[a-z][a-z0-9_]{0,63}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Why nobody decided; in words of ours, because those of others may repeat a token. */
class Unavailable extends Error {
  constructor(why, { unread = false } = {}) {
    super(why);
    /** Whether the gate said that it could not read the question; it has recorded that. */
    this.unread = unread;
  }
}

function members(value, where, required, optional = []) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${where} is no object`);
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing) throw new Error(`${where} has no ${missing}`);
  const unknown = Object.keys(value).find((name) => !required.includes(name) && !optional.includes(name));
  if (unknown) throw new Error(`${where} has a member that is not known`);
  return value;
}

function list(value, where) {
  if (!Array.isArray(value)) throw new Error(`${where} is no list`);
  return value;
}

function text(value, where) {
  if (typeof value !== "string" || value === "") throw new Error(`${where} is no text`);
  return value;
}

/** A token goes in clear to this machine alone. */
function url(value, where) {
  const { protocol, hostname, username, password } = new URL(text(value, where));
  const loopback = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  if (!(protocol === "https:" || (protocol === "http:" && loopback)) || username || password) {
    throw new Error(`${where} is no URL that a token may be sent to`);
  }
  return value;
}

function variable(value, where) {
  if (!VARIABLE.test(text(value, where))) throw new Error(`${where} is no name of a variable`);
  return value;
}

function server(value, where) {
  const { name, tools, ...rest } = members(value, where, ["name", "tools"], ["ask", "tokenVariable", "grantVariable", "launched"]);
  const read = { name: text(name, `${where}.name`), tools: list(tools, `${where}.tools`) };
  if (Object.hasOwn(rest, "launched")) {
    // OpenClaw launches the gate, which then listens to nobody else.
    members(rest, where, ["launched"]);
    if (rest.launched !== true) throw new Error(`${where}.launched is not true`);
    return read;
  }
  members(rest, where, ["ask", "tokenVariable", "grantVariable"]);
  return {
    ...read,
    ask: url(rest.ask, `${where}.ask`),
    tokenVariable: variable(rest.tokenVariable, `${where}.tokenVariable`),
    grantVariable: variable(rest.grantVariable, `${where}.grantVariable`),
  };
}

/** The configuration, read strictly: one that cannot be read allows nothing. */
export function read(config) {
  const { policy, agents } = members(config, "the configuration", ["policy", "agents"]);
  const found = new Map();
  list(agents, "agents").forEach((agent, at) => {
    const { id, servers } = members(agent, `agents.${at}`, ["id", "servers"]);
    const name = text(id, `agents.${at}.id`).toLowerCase();
    if (found.has(name)) throw new Error(`agents.${at} is there twice`);
    const asked = list(servers, `agents.${at}.servers`).map((one, of) => server(one, `agents.${at}.servers.${of}`));
    const tools = new Map();
    for (const one of asked) {
      one.tools.forEach((tool, of) => {
        const where = `agents.${at}: ${one.name}.tools.${of}`;
        const { name: offered, gate } = members(tool, where, ["name", "gate"]);
        const key = text(offered, `${where}.name`).toLowerCase();
        if (tools.has(key)) throw new Error(`${where} is there twice`);
        tools.set(key, { server: one, gate: text(gate, `${where}.gate`) });
      });
    }
    found.set(name, { servers: asked, tools });
  });
  return { policy: text(policy, "policy"), agents: found };
}

/** What is said of a call. It is logged at the gate, which believes none of it. */
export function stamp(said) {
  const plain = (value) => String(value).replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_STAMP_CHARACTERS);
  const given = Object.entries(said).filter(([, value]) => typeof value === "string" && value !== "");
  return Object.fromEntries(given.map(([name, value]) => [name, plain(value)]));
}

function secret(env, name) {
  const value = env[name];
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) throw new Unavailable(`${name} is not set`);
  return value;
}

async function body(response) {
  const parts = [];
  let size = 0;
  for await (const part of response) {
    size += part.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Unavailable("its answer is too long");
    parts.push(part);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
}

/** One of two answers, or none. */
export function answer(status, said) {
  let read;
  try {
    read = JSON.parse(said);
  } catch {
    read = undefined;
  }
  const is = (...names) => Object.keys(read).sort().join() === names.join();
  const known = typeof read === "object" && read !== null && !Array.isArray(read);
  if (status !== 200) {
    const code = known && typeof read.code === "string" && CODE.test(read.code) ? `, ${read.code}` : "";
    throw new Unavailable(`it answered ${status}${code}`, { unread: status === 400 || status === 413 });
  }
  if (known && is("decision") && read.decision === "allow") return { allowed: true };
  const denies = known && is("code", "decision", "message") && read.decision === "deny";
  if (denies && typeof read.code === "string" && CODE.test(read.code) && typeof read.message === "string" && read.message !== "") {
    return { allowed: false, message: read.message };
  }
  throw new Unavailable("its answer is none");
}

/** The status and the body that a question is answered with. A redirect is an answer like any other. */
async function post(url, headers, question, withinMs, signal) {
  signal?.throwIfAborted();
  const to = new URL(url);
  // Not `request`: OpenClaw's own `proxy` setting replaces that by one that drops the agent.
  const request = new ClientRequest(to, { method: "POST", agent: AGENTS[to.protocol], headers });
  let late;
  let abort;
  try {
    return await new Promise((resolve, reject) => {
      abort = () => reject(new Error("aborted"));
      late = setTimeout(abort, withinMs);
      signal?.addEventListener("abort", abort);
      let answered = false;
      request.on("response", (response) => {
        answered = true;
        body(response).then((said) => resolve([response.statusCode, said]), reject);
      });
      request.on("error", reject);
      request.on("close", () => answered || abort());
      request.end(question);
    });
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", abort);
    request.destroy();
  }
}

/** Asks once. Whatever goes wrong, nobody decided. */
async function ask(server, tool, call, { env, withinMs = WITHIN_MS }) {
  try {
    const headers = {
      authorization: `Bearer ${secret(env, server.tokenVariable)}`,
      "wpc-grant": secret(env, server.grantVariable),
      "content-type": "application/json",
    };
    const question = JSON.stringify({ tool, arguments: call.arguments, stamp: stamp(call.stamp) });
    return answer(...(await post(server.ask, headers, question, withinMs, call.signal)));
  } catch (error) {
    if (error instanceof Unavailable) return { allowed: false, why: error.message, unread: error.unread };
    return { allowed: false, why: "it gave no answer" };
  }
}

/** What the ledger may not have of an attempt; nothing where the gate refused it, which it records. */
function unrecorded(told) {
  if (!told || told.allowed) return " It is not recorded.";
  if (told.unread) return ` The gate could not read it: ${told.why}.`;
  return told.why ? ` It may be unrecorded: ${told.why}.` : "";
}

const unavailable = (why) => `gate_unavailable: the gate did not decide this call: ${why}. Nothing was done.`;
const block = (blockReason) => ({ block: true, blockReason });

/**
 * What becomes of a call: `undefined` lets the next wall decide, a block ends it.
 *
 * `call` has `tool`, `arguments`, `agent`, `stamp` and `signal`; `world` has `env`, and `withinMs` in tests.
 */
export async function decide({ policy, agents }, call, world) {
  const name = String(call.tool ?? "");
  const agent = agents.get(String(call.agent ?? "").toLowerCase());
  if (!agent) {
    // Under whose token could anybody be asked?
    const untold = unrecorded(undefined);
    return block(`tool_not_allowed: ${name} was called by an agent that the policy does not name (${policy}). No tool is allowed.${untold}`);
  }
  const tool = agent.tools.get(name.toLowerCase());
  if (!tool) {
    // So that the ledger has the attempt. Whatever the gate says, it is blocked.
    const first = agent.servers.find((one) => one.ask);
    const told = first && (await ask(first, `${OTHERS}${name}`, call, world));
    const untold = unrecorded(told);
    const allowed = agent.tools.size > 0 ? `Allowed are: ${[...agent.tools.keys()].sort().join(", ")}.` : "No tool is allowed.";
    return block(`tool_not_allowed: ${name} is no tool that the policy allows (${policy}). ${allowed} Do not try it again.${untold}`);
  }
  if (!tool.server.ask) return undefined;
  const told = await ask(tool.server, tool.gate, call, world);
  if (told.allowed) return undefined;
  return block(told.message ?? `${unavailable(told.why)} Tell the user; do not try to reach the same end another way.`);
}
