import assert from "node:assert/strict";
import type { Message } from "../messages.ts";
import { AnswerQueue } from "./answer_queue.ts";

/** A group that is never on disk. */
const group = {
  committed: new Promise<void>(() => {}),
  durable: false,
  order: 1,
};

function bytesOf(message: Message, count: number): number {
  const queue = new AnswerQueue({ send: () => {}, onFlushed: () => {} });
  const answers = queue.begin();
  const ids = { correlationId: new Uint8Array(24), entityId: new Uint8Array() };
  for (let i = 0; i < count; i++) answers.add(ids, { message, group });
  answers.push();
  return queue.bytes;
}

Deno.test("what waits for the disk is counted with all that it takes", () => {
  const response = new Uint8Array(16_258);
  assert.ok(bytesOf({ tag: "RRES", response }, 50) > 50 * response.length);
  assert.ok(bytesOf({ tag: "OK" }, 255) > 64 * 1024);
});
