// The official SDKs of npm, `openai` and `@anthropic-ai/sdk`, on a gateway: client.mjs URL TOKEN
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { strict as assert } from "node:assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const [url, file] = process.argv.slice(2);
const apiKey = readFileSync(file, "utf8").trim();
const defaultHeaders = { "WPC-Grant": readFileSync(`${file}.grant.json`).toString("base64url") };
const messages = [{ role: "user", content: "say hello" }];

async function refused(call, status, code) {
  try {
    await call();
  } catch (error) {
    const said = JSON.stringify(error.error ?? {}) + error.message;
    assert.equal(error.status, status, said);
    assert.ok(said.includes(code), said);
    return;
  }
  assert.fail(`${code} was not refused`);
}

async function timed(parts) {
  const times = [];
  let all = "";
  for await (const text of parts) {
    if (!text) continue;
    times.push(Date.now());
    all += text;
  }
  assert.equal(all, "Hello");
  assert.ok(times.at(-1) - times[0] > 200, "the stream was held");
}

async function* map(parts, of) {
  for await (const part of parts) yield of(part);
}

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey, defaultHeaders });
const raw = await openai.chat.completions.create({ model: "gpt-5", messages, max_completion_tokens: 20 }).asResponse();
const body = Buffer.from(await raw.arrayBuffer());
const envelope = JSON.parse(Buffer.from(raw.headers.get("x-wpc-receipt-envelope"), "base64url"));
assert.equal(envelope.payload.response_hash_b64u, createHash("sha256").update(body).digest("base64url"));
assert.equal(JSON.parse(body).choices[0].message.content, "Hello");
const stream = await openai.chat.completions.create({ model: "gpt-5", messages, stream: true, max_completion_tokens: 20 });
await timed(map(stream, (part) => part.choices[0]?.delta.content));
const said = await openai.responses.create({ model: "gpt-5", input: "say hello", max_output_tokens: 20 });
assert.equal(said.output_text, "Hello");
const events = await openai.responses.create({ model: "gpt-5", input: "say hello", stream: true, max_output_tokens: 20 });
await timed(map(events, (event) => (event.type === "response.output_text.delta" ? event.delta : "")));
await refused(() => openai.chat.completions.create({ model: "gpt-4o", messages }), 403, "model_not_allowed");
const cut = [{ role: "user", content: "say hello, break off" }];
await refused(async () => {
  for await (const _ of await openai.chat.completions.create({ model: "gpt-5", messages: cut, stream: true, max_completion_tokens: 20 })) ;
}, undefined, "upstream_dropped");

const anthropic = new Anthropic({ baseURL: url, apiKey, defaultHeaders });
const asked = { model: "claude-sonnet-5", max_tokens: 20, messages };
assert.equal((await anthropic.messages.create(asked)).content[0].text, "Hello");
const written = await anthropic.messages.create({ ...asked, stream: true });
await timed(map(written, (event) => (event.type === "content_block_delta" ? event.delta.text : "")));
await refused(() => anthropic.messages.create({ ...asked, model: "claude-opus-4" }), 403, "model_not_allowed");

// A client that goes away in the middle.
const aborted = await openai.chat.completions.create({ model: "gpt-5", messages, stream: true, max_completion_tokens: 20 });
for await (const _ of aborted) break;
console.log("npm: openai, @anthropic-ai/sdk");
