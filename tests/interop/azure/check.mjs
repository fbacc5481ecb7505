// Azure's JavaScript SDK and our tool exchange messages through our endpoint.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { ServiceBusClient } from "@azure/service-bus";

const { AMQP, ADMIN, WPC_SERVICE_BUS } = process.env;

/** Our tool over standard input and output. */
class Ours {
  #number = 0;
  constructor() {
    this.server = spawn(WPC_SERVICE_BUS, [
      "--policy", "azure.wpc.dsse.json", "--trust", "trust.json", "--ledger", "ledger/l.db",
      "--token", "azure-js.token", "--key", "agent.key", "--local", AMQP, "--local-admin", ADMIN,
    ], { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = createInterface({ input: this.server.stdout })[Symbol.asyncIterator]();
  }
  tell(message) {
    this.server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }
  async ask(method, params) {
    const id = (this.#number += 1);
    this.tell({ id, method, params });
    for (;;) {
      const { value, done } = await this.lines.next();
      assert.ok(!done, "our tool ended");
      const message = JSON.parse(value);
      if (message.id === id) return message.result;
    }
  }
  async begin() {
    const clientInfo = { name: "interop", version: "1" };
    await this.ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    this.tell({ method: "notifications/initialized" });
  }
  async call(name, args) {
    const result = await this.ask("tools/call", { name, arguments: args });
    assert.ok(!result.isError, result.content[0].text);
    return result.structuredContent;
  }
  async end() {
    this.server.stdin.end();
    const [code] = await once(this.server, "exit");
    assert.equal(code, 0);
  }
}

const [host, port] = AMQP.split(":");
const client = new ServiceBusClient(
  `Endpoint=sb://${host}:${port};SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;`);
const queue = (name) => ({ kind: "queue", name });
const text = (message) => Buffer.isBuffer(message.body) ? message.body.toString() : message.body;
const soon = { maxWaitTimeInMs: 5000 };
const ours = new Ours();
await ours.begin();

// We send, they receive.
const sent = await ours.call("send", { resource: queue("ours"), messages: [
  { body: { id: 7, größe: "∞" }, content_type: "application/json", subject: "order/created", correlation_id: "c-7",
    properties: { schema_version: "1", ключ: "значение" } },
  { body: "two", content_type: "text/plain" },
] });
const receiver = client.createReceiver("ours");
const [first, second] = await receiver.receiveMessages(2, soon);
assert.deepEqual([first.messageId, second.messageId], sent.message_ids);
// Their SDK reads JSON where the content type says so.
assert.deepEqual(first.body, { id: 7, größe: "∞" });
assert.deepEqual({ ...first.applicationProperties }, { schema_version: "1", ключ: "значение" });
assert.deepEqual([first.subject, first.correlationId], ["order/created", "c-7"]);
await receiver.completeMessage(first);
await receiver.deadLetterMessage(second, { deadLetterReason: "poison", deadLetterErrorDescription: "cannot be read" });
await receiver.close();
const dead = client.createReceiver("ours", { subQueueType: "deadLetter" });
const [buried] = await dead.receiveMessages(1, soon);
assert.deepEqual([buried.deadLetterReason, buried.deadLetterErrorDescription], ["poison", "cannot be read"]);
await dead.completeMessage(buried);
await dead.close();
await ours.call("send", { resource: queue("sessions"), messages: [{ body: "in order", session_id: "s-3" }] });
const session = await client.acceptSession("sessions", "s-3");
const [inSession] = await session.receiveMessages(1, soon);
assert.deepEqual([inSession.sessionId, text(inSession)], ["s-3", "in order"]);
await session.completeMessage(inSession);
await session.close();

// They send, we receive.
const sender = client.createSender("theirs");
await sender.sendMessages([
  { body: Buffer.from("one"), messageId: "m-1", subject: "s", applicationProperties: { n: 1, ok: true, text: "größe" } },
  { body: Buffer.from("two"), messageId: "m-2" },
]);
const messages = (await ours.call("receive",
  { resource: queue("theirs"), mode: "peek_lock", messages: 2, wait_seconds: 5 })).messages;
assert.deepEqual(messages.map((one) => [one.body, one.message_id]), [["one", "m-1"], ["two", "m-2"]]);
assert.deepEqual(messages[0].properties, { n: 1, ok: true, text: "größe" });
await ours.call("complete", { resource: queue("theirs"), handles: [messages[0].handle] });
const { sequence_numbers: numbers } = await ours.call("defer", { resource: queue("theirs"), handles: [messages[1].handle] });
const theirs = client.createReceiver("theirs");
const long = (await import("long")).default;
const [deferred] = await theirs.receiveDeferredMessages(numbers.map((number) => long.fromNumber(number)));
assert.equal(text(deferred), "two");
await theirs.completeMessage(deferred);
assert.deepEqual(await theirs.peekMessages(10), []);
await client.close();
await ours.end();
console.log("   JavaScript: messages, properties, sessions and dead letters, both ways");
