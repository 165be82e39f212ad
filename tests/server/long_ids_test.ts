/** Answers that do not fit in a block because of the client's long IDs. */
import assert from "node:assert/strict";
import type { Command } from "../../relay/smp/mod.ts";
import { asRecipient, nextMessage, subscribe, words } from "./commands.ts";
import {
  createQueue,
  type TestClient,
  type TestQueue,
  TestRelay,
} from "./harness.ts";

const longId = new Uint8Array(255).fill(7);

/** A command whose answer has no room; what comes back is that of `PING`. */
async function sendWithLongId(
  client: TestClient,
  queue: TestQueue,
  command: Command,
): Promise<void> {
  const [lost] = client.smp.requestAll([{
    command,
    entityId: queue.entityId,
    key: queue.key,
    correlationId: longId,
  }]);
  let answered = false;
  lost.then(() => answered = true, () => {});
  assert.equal(words(await client.send({ tag: "PING" })), "PONG");
  assert.equal(answered, false);
}

Deno.test("an answer larger than a block is left out, and nobody is harmed", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client);
  const texts = ["a", "b", "c"].map((letter) => letter.repeat(16_000));
  for (const text of texts) {
    const sent = await client.send({
      tag: "SEND",
      notification: false,
      body: new TextEncoder().encode(text),
    }, { entityId: queue.ids.senderId });
    assert.equal(words(sent), "OK");
  }
  const first = await nextMessage(client, queue);
  assert.equal(first.text, texts[0]);
  // Its answer is the next message, and waits for the disk.
  await sendWithLongId(client, queue, { tag: "ACK", messageId: first.id });
  await subscribe(client, queue);
  const second = await nextMessage(client, queue);
  assert.equal(second.text, texts[1]);

  await using other = await relay.connect();
  const got = await asRecipient(other, queue, { tag: "GET" });
  assert.equal(words(got), "MSG");
  await sendWithLongId(other, queue, { tag: "GET" });
});
