import assert from "node:assert/strict";
import { recipientSays, words } from "./commands.ts";
import { createQueue, sendText, TestRelay } from "./harness.ts";

Deno.test("on a nearly full disk nothing new is taken, what is there is delivered", async () => {
  await using relay = await TestRelay.start();
  let queue;
  {
    await using recipient = await relay.connect();
    queue = await createQueue(recipient);
    assert.equal(words(await sendText(recipient, "before", queue.ids)), "OK");
  }
  await relay.restart([], { reserveBytes: Number.MAX_SAFE_INTEGER });
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  await assert.rejects(createQueue(sender), /STORE/);
  // Apps give a message up after STORE, and try again after QUOTA.
  const refused = await sendText(sender, "now", queue.ids);
  assert.equal(words(refused), "ERR QUOTA");
  assert.equal(await recipientSays(recipient, queue, { tag: "SUB" }), "SOK");
  const { message } = await recipient.event();
  assert.equal(queue.text(message), "before");
  assert(message.tag === "MSG");
  const { messageId } = message;
  const acknowledged = await recipientSays(recipient, queue, {
    tag: "ACK",
    messageId,
  });
  assert.equal(acknowledged, "OK");
});

Deno.test("a message that the disk does not take is refused, and nothing else is lost", async () => {
  await using relay = await TestRelay.start({ maxBytes: 1_000_000 });
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const queue = await createQueue(recipient, { subscribe: false });
  const body = "x".repeat(15_000);
  let stored = 0;
  let answer = "OK";
  while (answer === "OK") {
    answer = words(await sendText(sender, `${stored} ${body}`, queue.ids));
    if (answer === "OK") stored++;
    assert(stored < 128, "the disk was never full");
  }
  assert.equal(answer, "ERR QUOTA");
  assert.match(relay.takeErrors().join("\n"), /full/);
  assert.equal(relay.relay.parts().some(({ state }) => state !== "ok"), true);

  // What was answered OK is there, in order; receiving it makes room again.
  let next = await recipient.send({ tag: "SUB" }, queue);
  assert.equal(next.tag, "SOK");
  next = (await recipient.event()).message;
  for (let i = 0; i < stored; i++) {
    assert(next.tag === "MSG");
    assert.equal(queue.text(next), `${i} ${body}`);
    const { messageId } = next;
    next = await recipient.send({ tag: "ACK", messageId }, queue);
  }
  assert.equal(words(next), "OK");
  assert.equal(words(await sendText(sender, "room", queue.ids)), "OK");
  assert.equal(queue.text((await recipient.event()).message), "room");
  assert.equal(relay.relay.parts().every(({ state }) => state === "ok"), true);
});
