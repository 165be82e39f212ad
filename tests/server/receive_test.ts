import assert from "node:assert/strict";
import {
  acknowledge,
  asRecipient,
  createSecured,
  delivery,
  nextMessage,
  nothingUnread,
  recipientSays,
  sends,
  subscribe,
  words,
} from "./commands.ts";
import { TestRelay } from "./harness.ts";

const EMPTY = new Uint8Array();

Deno.test("GET asks for a message", async () => {
  await using relay = await TestRelay.start();
  await using sender = await relay.connect();
  const { queue, to } = await (async () => {
    await using creator = await relay.connect();
    return await createSecured(creator);
  })();
  await using recipient = await relay.connect();
  assert.equal(await sends(sender, "hello", to), "OK");
  const got = delivery(
    queue,
    await asRecipient(recipient, queue, { tag: "GET" }),
  );
  assert.equal(got.text, "hello");
  assert.equal(words(await acknowledge(recipient, queue, got.id)), "OK");
  assert.equal(await recipientSays(recipient, queue, { tag: "GET" }), "OK");
  await nothingUnread(recipient);
});

Deno.test("GET beside a subscription: each message is acknowledged once", async () => {
  await using relay = await TestRelay.start();
  await using subscriber = await relay.connect();
  await using getter = await relay.connect();
  await using sender = await relay.connect();
  const { queue, to } = await createSecured(subscriber);
  const get = async () =>
    delivery(queue, await asRecipient(getter, queue, { tag: "GET" }));
  for (const text of ["1", "2", "3", "4"]) {
    assert.equal(await sends(sender, text, to), "OK");
  }
  const one = await nextMessage(subscriber, queue);
  assert.equal(one.text, "1");
  assert.deepEqual(await get(), one);
  assert.equal(
    await recipientSays(subscriber, queue, { tag: "GET" }),
    "ERR CMD PROHIBITED",
  );
  assert.equal(
    await recipientSays(getter, queue, { tag: "SUB" }),
    "ERR CMD PROHIBITED",
  );

  const two = delivery(queue, await acknowledge(subscriber, queue, one.id));
  assert.equal(two.text, "2");
  const unknown = new TextEncoder().encode("1234");
  assert.equal(words(await acknowledge(getter, queue, unknown)), "ERR NO_MSG");
  // The subscriber was first; that is no error for the getter.
  assert.equal(words(await acknowledge(getter, queue, one.id)), "OK");
  assert.deepEqual(await get(), two);
  assert.equal(words(await acknowledge(getter, queue, two.id)), "OK");
  const three = await get();
  assert.equal(three.text, "3");
  // The getter was first: the subscriber goes on with the next message.
  assert.deepEqual(
    delivery(queue, await acknowledge(subscriber, queue, two.id)),
    three,
  );
  const four = delivery(queue, await acknowledge(subscriber, queue, three.id));
  assert.equal(four.text, "4");
  assert.equal(words(await acknowledge(subscriber, queue, four.id)), "OK");
  assert.equal(await recipientSays(getter, queue, { tag: "GET" }), "OK");
});

Deno.test("ACK without an ID acknowledges what was delivered", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client);
  assert.equal(words(await acknowledge(client, queue, EMPTY)), "ERR NO_MSG");
  assert.equal(await sends(client, "1", to), "OK");
  const one = await nextMessage(client, queue);
  // The queue's first message has an ID and no ID is not that one, so it stays.
  const again = delivery(queue, await acknowledge(client, queue, EMPTY));
  assert.deepEqual(again, one);
  assert.equal(words(await acknowledge(client, queue, one.id)), "OK");
});

Deno.test("a full queue refuses, marks itself, and takes again when it is empty", async () => {
  await using relay = await TestRelay.start({
    set: ["smp.messages_per_queue=2"],
  });
  await using sender = await relay.connect();
  await using recipient = await relay.connect();
  const { queue, to } = await createSecured(recipient);
  assert.equal(await sends(sender, "1", to), "OK");
  assert.equal(await sends(sender, "2", to), "OK");
  assert.equal(await sends(sender, "3", to), "ERR QUOTA");
  const one = await nextMessage(recipient, queue);
  assert.equal(one.text, "1");
  const two = delivery(queue, await acknowledge(recipient, queue, one.id));
  assert.equal(two.text, "2");
  assert.equal(await sends(sender, "3", to), "ERR QUOTA");
  const mark = delivery(queue, await acknowledge(recipient, queue, two.id));
  assert.equal(mark.text, "QUOTA");
  assert.equal(await sends(sender, "3", to), "ERR QUOTA");
  assert.equal(words(await acknowledge(recipient, queue, mark.id)), "OK");
  assert.equal(await sends(sender, "3", to), "OK");
  const three = await nextMessage(recipient, queue);
  assert.equal(three.text, "3");
  assert.equal(words(await acknowledge(recipient, queue, three.id)), "OK");
  await nothingUnread(recipient);
});

Deno.test("messages sent while one is delivered follow its ACK", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using one = await relay.connect();
  await using two = await relay.connect();
  const { queue, to } = await createSecured(recipient);
  for (let round = 0; round < 50; round++) {
    const sent = [sends(one, `a${round}`, to), sends(two, `b${round}`, to)];
    const first = await nextMessage(recipient, queue);
    // Both senders have their answer or will: neither message may be lost.
    assert.deepEqual(await Promise.all(sent), ["OK", "OK"]);
    const second = delivery(
      queue,
      await acknowledge(recipient, queue, first.id),
    );
    assert.equal(words(await acknowledge(recipient, queue, second.id)), "OK");
    assert.deepEqual([first.text, second.text].sort(), [
      `a${round}`,
      `b${round}`,
    ]);
  }
  await nothingUnread(recipient);
});

Deno.test("an ACK that races with SEND loses no message", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const { queue, to } = await createSecured(recipient);
  const count = 200;
  const sent: Promise<string>[] = [];
  const texts: string[] = [];
  sent.push(sends(sender, "0", to));
  let next = await nextMessage(recipient, queue);
  for (;;) {
    texts.push(next.text);
    if (texts.length === count) break;
    // The next message is sent at the moment the one before is acknowledged.
    sent.push(sends(sender, String(texts.length), to));
    const answer = await acknowledge(recipient, queue, next.id);
    next = answer.tag === "OK"
      ? await nextMessage(recipient, queue)
      : delivery(queue, answer);
  }
  assert.deepEqual(texts, Array.from({ length: count }, (_, i) => String(i)));
  for (const answer of await Promise.all(sent)) assert.equal(answer, "OK");
});

Deno.test("SUB again delivers the unacknowledged message again", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { queue, to } = await createSecured(client);
  assert.equal(await sends(client, "hello", to), "OK");
  const first = await nextMessage(client, queue);
  await subscribe(client, queue);
  assert.deepEqual(await nextMessage(client, queue), first);
  assert.equal(words(await acknowledge(client, queue, first.id)), "OK");
  await subscribe(client, queue);
  await nothingUnread(client);
});
