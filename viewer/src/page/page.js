"use strict";
// Everything that a bundle says is somebody else's text: it is only ever set as text, never as markup.
(() => {
  const $ = (id) => document.getElementById(id);
  const parse = (id) => JSON.parse($(id).textContent);

  /// Controls and characters that steer direction, spelt out.
  const acts = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  const plain = (text) => String(text).replace(acts, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
  const text = (of) => document.createTextNode(plain(of));
  const make = (tag, parts = [], set = {}) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(set)) made.setAttribute(name, value);
    for (const part of [parts].flat()) made.append(part instanceof Node ? part : text(part));
    return made;
  };
  const svg = (tag, set) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(set)) made.setAttribute(name, value);
    return made;
  };
  const code = (of) => make("code", of);

  /// Base64 of either alphabet to bytes.
  const bytes = (base64) => {
    const raw = atob(/[-_]/.test(base64) ? base64.replace(/-/g, "+").replace(/_/g, "/") : base64);
    const all = new Uint8Array(raw.length);
    for (let at = 0; at < raw.length; at += 1) all[at] = raw.charCodeAt(at);
    return all;
  };
  const base64url = (of) =>
    btoa(String.fromCharCode(...of)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const utf8 = (of) => new TextEncoder().encode(of);
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };

  /// RFC 8785, for what has no fractions.
  const canonical = (value) => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    const members = Object.keys(value).sort();
    return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  };

  const facts = parse("facts");
  const envelope = parse("bundle");
  const payload = bytes(envelope.payload);
  const statement = JSON.parse(new TextDecoder().decode(payload));
  const run = statement.predicate;
  const entries = run.entries;
  const opened = entries[0] ?? {};
  const rules = facts.rules;

  const openings = new Map();
  for (const { opening, seq } of run.openings) {
    if (!openings.has(seq)) openings.set(seq, []);
    openings.get(seq).push(opening);
  }
  const outcomes = new Map();
  const used = new Map();
  for (const entry of entries) {
    if (entry.kind === "outcome") outcomes.set(entry.attempt_seq, entry);
    for (const hash of entry.kind === "attempt" ? entry.approvals : []) {
      used.set(hash, [...(used.get(hash) ?? []), entry.seq]);
    }
  }
  // ---- What an entry is in one line.

  const named = (resource) => {
    if (!resource) return "";
    if (resource.names) return ` on ${resource.kind}(${resource.names.map((name) => JSON.stringify(name)).join(", ")})`;
    return ` on another ${resource.kind}`;
  };
  const lines = {
    opened: (e) => [`opened for ${e.agent}`, `policy ${e.policy.name}`],
    token: (e) => [`token ${e.jti}`, `${e.proof}`],
    attempt: (e) => [`${e.tool}.${e.action}${named(e.resource)}`, e.decision === "allow" ? "allowed" : `denied ${e.code}`],
    refused: (e) => [`not a call, ${e.raw_bytes} bytes`, `refused ${e.code}`],
    outcome: (e) => [`outcome of entry ${e.attempt_seq}`, e.code ? `${e.result} ${e.code}` : e.result],
    approval: (e) => [`approval by ${e.approver}`, `until ${e.not_after}`],
    policy_changed: (e) => [`release ${e.release_seq} is current`, `policy changed, ${e.running}`],
    model_call: (e) => [`model call ${e.receipt_id}`, "receipt"],
    revoked: (e) => [`${e.what.kind} ${e.what.value}`, "revoked"],
    suppressed: (e) => [`${e.count} more refusals`, `not recorded one by one, ${e.code}`],
    clock_accepted: (e) => ["clock", `accepted by ${e.by}`],
    closed: (e) => ["closed", e.reason],
  };
  const line = (entry) => {
    try {
      return (lines[entry.kind] ?? ((e) => [String(e.kind), ""]))(entry);
    } catch {
      return [String(entry.kind), "not of its form"];
    }
  };
  const bad = (entry) => entry.decision === "deny" || entry.kind === "refused" || entry.kind === "revoked" || entry.kind === "suppressed";
  const unclear = (entry) => entry.kind === "outcome" && entry.result !== "done";
  const tone = (entry) => (bad(entry) ? "bad" : unclear(entry) ? "open" : entry.decision === "allow" || entry.kind === "outcome" ? "good" : "");

  // ---- Head: who, what, and what verification said.

  const report = facts.report;
  const verdict = $("verdict");
  const told = { verified: "good", incomplete: "open", refused: "bad" };
  if (report) {
    verdict.textContent = `${report.verdict}, says whoever wrote this page`;
    verdict.classList.add(told[report.verdict] ?? "bad");
  } else {
    verdict.textContent = "Not verified by whoever wrote this page";
    verdict.classList.add("open");
  }
  const pair = (name, value) => $("about").append(make("dt", name), make("dd", value));
  pair("job", code(opened.job ?? ""));
  pair("agent", code(opened.agent ?? ""));
  pair("policy", [opened.policy?.name ?? "", " ", code(opened.policy?.hash ?? "")]);
  pair("ledger", code(opened.ledger ?? ""));
  const last = entries.at(-1);
  pair("time", `${opened.at ?? ""} to ${last?.at ?? ""}`);
  pair("entries", `${entries.length}, ${last?.kind === "closed" ? `closed: ${last.reason}` : "not closed"}`);
  $("digest").textContent = facts.bundle_sha256;
  const says = (list, tone, parts) => $(list).append(make("li", parts, tone ? { class: tone } : {}));
  if (report) {
    for (const { code: word, seq, stage, detail } of report.findings) {
      const where = seq === null ? "" : `, entry ${seq}`;
      says("report", "bad", ["wrong: ", code(word), ` (${stage}${where})`, detail ? `: ${detail}` : ""]);
    }
    for (const { code: word, count, accepted } of report.gaps) {
      const many = count === null ? "" : ` ${count}`;
      const how = accepted === "not_demanded" ? "not demanded" : accepted ? "accepted" : "not accepted";
      says("report", accepted ? "" : "open", ["cannot be established: ", code(word), `${many}, ${how}`]);
    }
    const { counts } = report;
    says("report", "", `${counts.replayed} decisions and ${counts.settled} outcomes replayed; ${counts.opened} values shown, ` +
      `${counts.attested} the gate's word, ${counts.withheld} withheld; ${counts.trailing} entries after the last cosigned head`);
    for (const [name, at] of Object.entries(report.witnesses)) {
      says("report", "", `cosigned by ${name} at ${new Date(at * 1000).toISOString()}`);
    }
    says("report", "", ["The words are explained by ", code("wpc explain CODE"), "."]);
  } else {
    says("report", "open", "Nothing: no trust file was given.");
  }

  // ---- Limits over time.

  const counters = new Map();
  for (const entry of entries) {
    for (const charge of entry.charges ?? []) {
      if (!rules[charge.limit]?.max) continue;
      const id = `${charge.limit} ${charge.scope ?? ""} ${charge.key ?? ""}`;
      if (!counters.has(id)) counters.set(id, { limit: charge.limit, points: [] });
      counters.get(id).points.push([Date.parse(entry.at), charge.after]);
    }
  }
  const MOST_CHARTS = 24;
  const MOST_POINTS = 400;
  const chart = ({ limit, points }) => {
    const { max, text: said } = rules[limit];
    const [from, to] = [points[0][0], points.at(-1)[0]];
    const top = points.reduce((most, [, at]) => Math.max(most, at), max) || 1;
    const x = (at) => (to === from ? 50 : ((at - from) / (to - from)) * 100);
    const y = (value) => 40 - (value / top) * 38;
    const every = Math.ceil(points.length / MOST_POINTS);
    let path = "";
    for (let at = 0; at < points.length; at += every) {
      const some = points.slice(at, at + every);
      const value = some.reduce((most, [, one]) => Math.max(most, one), 0);
      path += path ? ` H ${x(some[0][0])} V ${y(value)}` : `M 0 ${y(value)}`;
    }
    path += " H 100";
    const picture = svg("svg", { viewBox: "0 0 100 42", preserveAspectRatio: "none", role: "img" });
    const peak = points.reduce((most, [, value]) => Math.max(most, value), 0);
    picture.setAttribute("aria-label", plain(`${said}: at most ${peak} of ${max}`));
    picture.append(svg("path", { d: path, class: "line" }), svg("line", { x1: 0, x2: 100, y1: y(max), y2: y(max), class: "most" }));
    return make("figure", [make("figcaption", [said, make("br"), `${points.at(-1)[1]} now, at most ${peak}, of ${max}`]), picture]);
  };
  if (counters.size > 0) {
    $("limits").hidden = false;
    const all = [...counters.values()];
    for (const one of all.slice(0, MOST_CHARTS)) $("charts").append(chart(one));
    if (all.length > MOST_CHARTS) $("charts").append(make("p", `${all.length - MOST_CHARTS} more counters are not drawn.`));
  }

  // ---- Approvals and model calls.

  const go = (seq) => {
    const link = make("button", `entry ${seq}`, { type: "button" });
    link.addEventListener("click", () => choose(seq, true));
    return link;
  };
  const requests = new Map();
  const approvals = entries.filter((entry) => entry.kind === "approval");
  const digest = (of) => crypto.subtle.digest("SHA-256", of).then((hash) => new Uint8Array(hash));
  const MOST_ROWS = 500;
  if (approvals.length > 0) {
    $("approvals").hidden = false;
    for (const entry of approvals.slice(0, MOST_ROWS)) {
      const what = make("td", "");
      requests.set(entry.request, [...(requests.get(entry.request) ?? []), what]);
      const by = (used.get(entry.approval) ?? []).slice(0, 20).map(go);
      $("approval-rows").append(make("tr", [make("td", go(entry.seq)), make("td", entry.at), make("td", code(entry.approver)), what,
        make("td", entry.not_after), make("td", by.length ? by : "nothing")]));
    }
    if (approvals.length > MOST_ROWS) $("approvals").append(make("p", `The first ${MOST_ROWS} of ${approvals.length}.`));
  }
  const receipts = new Map();
  for (const raw of run.receipts) {
    try {
      const said = JSON.parse(raw).payload;
      receipts.set(said.receipt_id, said);
    } catch {
      // Shown by its entry alone.
    }
  }
  const calls = entries.filter((entry) => entry.kind === "model_call");
  if (calls.length > 0) {
    $("models").hidden = false;
    for (const entry of calls.slice(0, MOST_ROWS)) {
      const said = receipts.get(entry.receipt_id) ?? {};
      $("model-rows").append(make("tr", [make("td", go(entry.seq)), make("td", entry.at), make("td", `${said.provider ?? "?"}/${said.model ?? "?"}`),
        make("td", said.tokens_input ?? "?"), make("td", said.tokens_output ?? "?"), make("td", code(said.gateway_id ?? "?"))]));
    }
    if (calls.length > MOST_ROWS) $("models").append(make("p", `The first ${MOST_ROWS} of ${calls.length}.`));
  }

  // ---- The timeline: only the rows that are seen exist.

  const HEIGHT = 30;
  const list = $("timeline");
  const space = $("space");
  let visible = entries.map((_, seq) => seq);
  let chosen = -1;

  const row = (seq, place) => {
    const entry = entries[seq];
    const [what, said] = line(entry);
    const set = { class: "row", role: "option", id: `row-${seq}`, "aria-selected": String(seq === chosen), "aria-posinset": place + 1, "aria-setsize": visible.length };
    const made = make("div", [
      make("span", String(entry.seq), { class: "seq" }),
      make("span", entry.at, { class: "at" }),
      make("span", what),
      make("span", said, { class: tone(entry) }),
    ], set);
    made.style.top = `${place * HEIGHT}px`;
    made.addEventListener("click", () => choose(seq, false));
    return made;
  };
  const draw = () => {
    const from = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 10);
    const to = Math.min(visible.length, Math.ceil((list.scrollTop + list.clientHeight) / HEIGHT) + 10);
    const rows = [];
    for (let place = from; place < to; place += 1) rows.push(row(visible[place], place));
    space.replaceChildren(...rows);
    list.setAttribute("aria-activedescendant", chosen >= 0 ? `row-${chosen}` : "");
  };
  const resize = () => {
    space.style.height = `${visible.length * HEIGHT}px`;
    $("shown").textContent = `${visible.length} of ${entries.length} entries`;
  };
  const reveal = (place) => {
    const top = place * HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + HEIGHT - list.clientHeight;
  };
  const choose = (seq, focus) => {
    chosen = seq;
    if (!visible.includes(seq)) {
      $("filters").reset();
      filter();
    }
    reveal(visible.indexOf(seq));
    draw();
    show(entries[seq]);
    if (focus) $("entry").focus();
  };
  let waiting = false;
  list.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  });
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 16, PageUp: -16, Home: -Infinity, End: Infinity };
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && chosen >= 0) {
      $("entry").focus();
    } else if (event.key in steps && visible.length > 0) {
      const next = Math.min(visible.length - 1, Math.max(0, visible.indexOf(chosen) + steps[event.key]));
      choose(visible[next], false);
    } else {
      return;
    }
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !typing) {
      $("f-text").focus();
      event.preventDefault();
    }
  });

  // ---- One entry.

  const rule = (id) => {
    const found = rules[id];
    if (!found) return make("p", ["rule ", code(id), " is not the policy's"]);
    const parts = [make("pre", found.text)];
    if (found.label) parts.push(make("p", found.label));
    if (found.line) parts.push(make("p", `${found.source}, line ${found.line}`));
    return make("div", parts, { class: "rule" });
  };
  const show = (entry) => {
    const [what, said] = line(entry);
    const into = [make("h3", `Entry ${entry.seq}: ${what}`), make("p", said, { class: tone(entry) }), make("p", entry.at)];
    for (const id of entry.rules ?? []) into.push(rule(id));
    const outcome = entry.kind === "attempt" ? outcomes.get(entry.seq) : undefined;
    if (outcome) into.push(make("p", ["outcome: ", outcome.result, " ", go(outcome.seq)]));
    else if (entry.decision === "allow") into.push(make("p", "No outcome is recorded: the effect may have happened.", { class: "open" }));
    if (entry.kind === "outcome") into.push(make("p", ["the call: ", go(entry.attempt_seq)]));
    const shown = openings.get(entry.seq) ?? [];
    const values = make("dl", [], { class: "pairs" });
    for (const { name, type, value } of shown) values.append(make("dt", name), make("dd", code(type === "absent" ? "absent" : canonical(value))));
    const open = new Set(shown.map((one) => one.name));
    for (const { name } of entry.facts ?? []) if (!open.has(name)) values.append(make("dt", name), make("dd", "not shown: only its commitment is here"));
    if (values.children.length > 0) into.push(make("h3", "Values"), values);
    const charges = (entry.charges ?? []).filter((one) => rules[one.limit]?.max);
    if (charges.length > 0) {
      into.push(make("h3", "Charged"));
      for (const one of charges) into.push(make("p", `${rules[one.limit].text}: ${one.before} + ${one.amount} = ${one.after}`));
    }
    const receipt = entry.kind === "model_call" ? receipts.get(entry.receipt_id) : undefined;
    if (receipt) into.push(make("h3", "Gateway receipt"), make("pre", canonical(receipt)));
    into.push(make("h3", "As it stands in the log"), make("pre", canonical(entry)));
    $("entry").replaceChildren(...into);
  };

  // ---- Filters.

  const options = (select, all) => {
    for (const [value, name] of all) $(select).append(make("option", name, { value }));
  };
  options("f-what", [["", "everything"], ["allow", "allowed calls"], ["deny", "denied calls and refusals"], ["unclear", "outcomes that are not done"],
    ["unsettled", "allowed, without an outcome"], ...Object.keys(lines).map((kind) => [`kind ${kind}`, kind.replace("_", " ")])]);
  const codes = [...new Set(entries.map((entry) => entry.code).filter(Boolean))].sort();
  options("f-code", [["", "any"], ...codes.slice(0, 200).map((word) => [word, word])]);
  const named_rules = [...new Set(entries.flatMap((entry) => entry.rules ?? []))];
  options("f-rule", [["", "any"], ...named_rules.slice(0, 500).map((id) => [id, (rules[id]?.text ?? id).split("\n")[0]])]);
  const passes = {
    "": () => true,
    allow: (entry) => entry.decision === "allow",
    deny: (entry) => entry.decision === "deny" || entry.kind === "refused" || entry.kind === "suppressed",
    unclear,
    unsettled: (entry) => entry.decision === "allow" && !outcomes.has(entry.seq),
  };
  const haystacks = new Array(entries.length);
  const haystack = (seq) => (haystacks[seq] ??= `${line(entries[seq]).join(" ")} ${(openings.get(seq) ?? []).map((one) => canonical(one.value)).join(" ")}`.toLowerCase());
  const filter = () => {
    const wanted = $("f-text").value.toLowerCase();
    const [what, word, id] = [$("f-what").value, $("f-code").value, $("f-rule").value];
    const kind = what.startsWith("kind ") ? what.slice(5) : "";
    const pass = kind ? (entry) => entry.kind === kind : passes[what] ?? passes[""];
    visible = [];
    entries.forEach((entry, seq) => {
      if (pass(entry) && (!word || entry.code === word) && (!id || (entry.rules ?? []).includes(id)) && (!wanted || haystack(seq).includes(wanted))) {
        visible.push(seq);
      }
    });
    resize();
    list.scrollTop = 0;
    draw();
  };
  $("filters").addEventListener("input", filter);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", () => setTimeout(filter));
  filter();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));

  // ---- Verification once more, as far as a browser can.

  const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  /// The Ed25519 key of a did:key (multicodec 0xed01, base58btc).
  const key_of = (did) => {
    const digits = did.replace(/^did:key:z/, "");
    let number = 0n;
    for (const c of digits) {
      const digit = ALPHABET.indexOf(c);
      if (digit < 0 || digits.length > 64) throw new Error("not a did:key");
      number = number * 58n + BigInt(digit);
    }
    const hex = number.toString(16).padStart(68, "0");
    const raw = Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
    if (raw.length !== 34 || raw[0] !== 0xed || raw[1] !== 0x01) throw new Error("not an Ed25519 did:key");
    return raw.slice(2);
  };
  const verify = async (did, signature, message) => {
    const key = await crypto.subtle.importKey("raw", key_of(did), { name: "Ed25519" }, false, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  };
  const leaf = (entry) => digest(join(Uint8Array.of(0), utf8(canonical(entry))));
  /// The root of RFC 9162's tree: neighbours pairwise, an odd one goes up as it is.
  const root_of = async (leaves) => {
    let level = leaves;
    while (level.length > 1) {
      const pairs = [];
      for (let at = 0; at + 1 < level.length; at += 2) pairs.push(digest(join(Uint8Array.of(1), level[at], level[at + 1])));
      const next = await Promise.all(pairs);
      if (level.length % 2 === 1) next.push(level.at(-1));
      level = next;
    }
    return level[0];
  };
  const same = (left, right) => left.length === right.length && left.every((byte, at) => byte === right[at]);
  const pause = () => new Promise((resume) => setTimeout(resume));
  const checks = [
    ["every entry is in the tree whose head the bundle carries", async () => {
      const leaves = [];
      for (let at = 0; at < entries.length; at += 500) {
        leaves.push(...(await Promise.all(entries.slice(at, at + 500).map(leaf))));
        await pause();
      }
      const [, size, root] = run.checkpoint.split("\n");
      return entries.every((entry, seq) => entry.seq === seq) && Number(size) === entries.length && same(await root_of(leaves), bytes(root));
    }],
    ["the ledger's key signed that head", async () => {
      const at = run.checkpoint.indexOf("\n\n");
      const [signed, lines] = [run.checkpoint.slice(0, at + 1), run.checkpoint.slice(at + 2).split("\n")];
      const [, name, signature] = /^— (\S+) (\S+)$/.exec(lines[0]);
      return name === signed.split("\n")[0] && name === `${opened.ledger}/job/${opened.job}` && verify(opened.ledger, bytes(signature).slice(4), utf8(signed));
    }],
    ["the same key signed the bundle", async () => {
      const type = utf8(envelope.payloadType);
      const message = join(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
      const results = await Promise.all(envelope.signatures.map(({ sig }) => verify(opened.ledger, bytes(sig), message)));
      return results.some(Boolean);
    }],
    ["the policy in the bundle is the one that the job was opened under", async () =>
      base64url(await digest(bytes(run.policy.payload))) === opened.policy.hash],
    ["every value that is shown is the one that was committed to", async () => {
      for (const [seq, all] of openings) {
        const entry = entries[seq];
        const known = new Map((entry.facts ?? []).map((fact) => [fact.name, fact.commitment]));
        if (entry.resource?.commitment) known.set("`resource`", entry.resource.commitment);
        if (entry.raw_commitment) known.set("`raw`", entry.raw_commitment);
        for (const opening of all) {
          const hash = base64url(await digest(join(utf8("wpc/arg/v1\0"), utf8(canonical(opening)))));
          // What no fact names is under the hash of all arguments, which needs every one of them.
          if (known.has(opening.name) && known.get(opening.name) !== hash) return false;
        }
      }
      return true;
    }],
    ["no call that was denied has an outcome, and none has two", async () => {
      const seen = new Set();
      for (const entry of entries) {
        if (entry.kind !== "outcome") continue;
        const attempt = entries[entry.attempt_seq];
        if (attempt?.kind !== "attempt" || attempt.decision !== "allow" || attempt.call !== entry.call) return false;
        if (seen.has(entry.call) && !entry.late) return false;
        seen.add(entry.call);
      }
      return true;
    }],
  ];
  const repeat = async () => {
    if (!globalThis.crypto?.subtle) {
      says("repeated", "open", "This browser has no cryptography for this page. Nothing was checked again.");
      return;
    }
    let wrong = 0;
    for (const [what, check] of checks) {
      try {
        const holds = await check();
        wrong += holds ? 0 : 1;
        says("repeated", holds ? "good" : "bad", holds ? `holds: ${what}` : `DOES NOT HOLD: ${what}`);
      } catch {
        wrong += 1;
        says("repeated", "bad", `could not be checked: ${what}`);
      }
    }
    says("repeated", "", "Not repeated here: who is trusted for what, and the decisions.");
    for (const request of run.approvals.requests) {
      const hash = base64url(await digest(utf8(canonical(request))));
      for (const cell of requests.get(hash) ?? []) {
        const { tool, action, resource } = request;
        cell.replaceChildren(text(`${tool ?? ""}.${action ?? ""}${named(resource)}`));
      }
    }
    if (wrong > 0) {
      verdict.textContent = "refused by this browser";
      verdict.className = "verdict bad";
    }
    document.documentElement.dataset.repeated = String(wrong);
  };
  repeat();
})();
