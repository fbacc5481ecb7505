// OpenClaw's own layers of tool lists over random configurations: layers.mjs DIST CASES NUMBER
//
// Writes CASES, a JSON object a line, each with what OpenClaw's code offers. `wpc-openclaw`'s example `offered` is to say
// the same. The functions are found by their names, since the bundler renames exports.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [dist, out, number] = process.argv.slice(2);

async function find(file, name) {
  const found = fs.readdirSync(dist).filter((entry) => entry.startsWith(file) && entry.endsWith(".mjs"));
  for (const entry of found) {
    const module = await import(pathToFileURL(path.resolve(dist, entry)).href);
    const all = Object.values(module);
    const one = all.find((value) => typeof value === "function" && value.name === name);
    if (one) return one;
  }
  throw new Error(`no ${name} in ${found}`);
}

const effective = await find("agent-tools.policy-", "resolveEffectiveToolPolicy");
const steps = await find("tool-policy-pipeline-", "buildDefaultToolPolicyPipelineSteps");
const apply = await find("tool-policy-pipeline-", "applyToolPolicyPipeline");
const sandboxed = await find("tool-policy-", "resolveSandboxToolPolicyForAgent");
const merged = await find("tool-policy-", "mergeAlsoAllowPolicy");
const profileOf = await find("tool-policy-shared-", "resolveToolProfilePolicy");

// mulberry32: the same cases each time.
let state = 20260906;
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}
const one = (list) => list[random(list.length)];
const maybe = (of, value) => (random(of) === 0 ? value() : undefined);

const core = ["ls", "read", "write", "edit", "apply_patch", "exec", "process", "gateway", "session_status", "browser", "canvas",
  "show_widget", "progress_card", "automations", "nodes", "message", "view_image", "web_fetch", "secrets", "sessions_spawn"];
const mcp = ["bus__send", "bus__peek", "bus-2__send", "mail__send"];
const plugin = ["voice_call"];
const entries = [...core, ...mcp, ...plugin, "", " ", "*", "bus__*", "b*send", "*__send", "Bus__Send", " EXEC ", "bash", "cron", "apply-patch",
  "group:fs", "group:runtime", "group:openclaw", "group:ui", "group:plugins", "group:nothing", "bundle-mcp", "voice", "update_plan", "e*c",
  "mcp__bus__send", "nothing"];
const list = (most) => Array.from({ length: random(most + 1) }, () => one(entries));
const profile = () => one(["minimal", "coding", "messaging", "full"]);
const lists = () => {
  const scope = { deny: maybe(2, () => list(3)) };
  // Both in one scope are refused by OpenClaw's schema.
  if (random(2)) scope.allow = maybe(2, () => list(5));
  else scope.alsoAllow = maybe(2, () => list(3));
  return scope;
};
const scope = () => ({
  ...lists(),
  profile: maybe(3, profile),
  byProvider: maybe(3, () => Object.fromEntries(
    ["fake", "fake/one", "Other"].filter(() => random(2)).map((key) => [key, { ...lists(), profile: maybe(3, profile) }]))),
  sandbox: maybe(2, () => ({ tools: { allow: maybe(2, () => list(4)), alsoAllow: maybe(3, () => list(2)), deny: maybe(3, () => list(3)) } })),
});

const lines = [];
for (let at = 0; at < Number(number); at += 1) {
  const config = JSON.parse(JSON.stringify({ tools: scope(), agents: { entries: { a: { tools: maybe(2, scope) ?? {} }, b: {} } } }));
  const turn = { agent: one(["a", "b"]), sandboxed: random(2) === 0, model: ["fake", one(["one", "two"])] };
  const found = effective({ config, agentId: turn.agent, modelProvider: turn.model[0], modelId: turn.model[1] });
  const all = steps({
    ...found,
    profilePolicy: merged(profileOf(found.profile), found.profileAlsoAllow),
    providerProfilePolicy: merged(profileOf(found.providerProfile), found.providerProfileAlsoAllow),
  });
  if (turn.sandboxed) all.push({ policy: sandboxed(config, turn.agent), label: "sandbox" });
  const tools = [...core.map((name) => ({ name })), ...mcp.map((name) => ({ name, pluginId: "bundle-mcp" })),
    ...plugin.map((name) => ({ name, pluginId: "voice" }))];
  const offered = apply({ tools, toolMeta: (tool) => (tool.pluginId ? { pluginId: tool.pluginId } : undefined), warn: () => {}, steps: all });
  lines.push(JSON.stringify({ config, turn, tools, offered: offered.map((tool) => tool.name).sort() }));
}
fs.writeFileSync(out, `${lines.join("\n")}\n`);
console.log(`   ${lines.length} configurations`);
