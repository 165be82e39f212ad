import assert from "node:assert/strict";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import {
  acknowledge,
  asRecipient,
  createSecured,
  delivery,
  nextMessage,
  nothingUnread,
  recipientSays,
  type SecuredQueue,
  sends,
  subscribe,
  words,
} from "./commands.ts";
import { createQueue, type TestClient, TestRelay } from "./harness.ts";

/** Does something with a new client of the relay. */
async function withClient<T>(
  relay: TestRelay,
  action: (client: TestClient) => Promise<T>,
): Promise<T> {
  await using client = await relay.connect();
  return await action(client);
}

Deno.test("queues, keys and state are there after a restart", async () => {
  await using relay = await TestRelay.start();
  const before = await withClient(relay, async (client) => {
    const kept = await createSecured(client, { senderAlgorithm: "x25519" });
    const off = await createSecured(client, { algorithm: "ed448" });
    assert.equal(await recipientSays(client, off.queue, { tag: "OFF" }), "OK");
    const deleted = await createSecured(client);
    assert.equal(await sends(client, "lost", deleted.to), "OK");
    assert.equal(
      await recipientSays(client, deleted.queue, { tag: "DEL" }),
      "OK",
    );
    const contact = await createQueue(client, { queue: { mode: "C" } });
    const added = generateAuthKeyPair("ed25519");
    const keys = [added.publicKey];
    assert.equal(
      await recipientSays(client, contact, { tag: "RKEY", keys }),
      "OK",
    );
    return {
      kept,
      off,
      deleted,
      contact: { ...contact, key: added.privateKey },
    };
  });
  const fingerprint = relay.relay.identity.fingerprint.toHex();
  await relay.restart();
  assert.equal(relay.relay.identity.fingerprint.toHex(), fingerprint);
  assert.equal(relay.relay.counts().queues, 3);

  await withClient(relay, async (client) => {
    const { kept, off, deleted, contact } = before;
    const { senderId } = kept.to;
    assert.equal(await sends(client, "unsigned", { senderId }), "ERR AUTH");
    assert.equal(await sends(client, "hello", kept.to), "OK");
    await subscribe(client, kept.queue);
    const message = await nextMessage(client, kept.queue);
    assert.equal(message.text, "hello");

    assert.equal(await sends(client, "no", off.to), "ERR AUTH");
    await subscribe(client, off.queue);
    assert.equal(await sends(client, "no", deleted.to), "ERR AUTH");
    assert.equal(
      await recipientSays(client, deleted.queue, { tag: "SUB" }),
      "ERR AUTH",
    );

    await subscribe(client, contact);
    const { publicKey } = generateAuthKeyPair("ed25519");
    // Still a contact queue, which no sender secures.
    const secured = await client.send({ tag: "SKEY", key: publicKey }, {
      entityId: contact.ids.senderId,
      key: kept.to.key,
    });
    assert.equal(words(secured), "ERR AUTH");
    await nothingUnread(client);
  });
});

Deno.test("messages are there after a restart, in order, with the mark of a full queue", async () => {
  await using relay = await TestRelay.start({
    set: ["smp.messages_per_queue=4"],
  });
  const secured = await withClient(relay, async (client) => {
    const secured = await createSecured(client, { algorithm: "ed448" });
    assert.equal(await sends(client, "1", secured.to), "OK");
    const one = await nextMessage(client, secured.queue);
    assert.equal(words(await acknowledge(client, secured.queue, one.id)), "OK");
    return secured;
  });
  const { queue, to } = secured;
  await withClient(relay, async (sender) => {
    for (const text of ["2", "3", "4", "5"]) {
      assert.equal(await sends(sender, text, to), "OK");
    }
    assert.equal(await sends(sender, "6", to), "ERR QUOTA");
  });
  await relay.restart(["smp.messages_per_queue=4"]);
  assert.equal(relay.relay.counts().messages, 5);

  const last = await withClient(relay, async (client) => {
    await subscribe(client, queue);
    let next = await nextMessage(client, queue);
    for (const text of ["2", "3"]) {
      assert.equal(next.text, text);
      next = delivery(queue, await acknowledge(client, queue, next.id));
    }
    return next;
  });
  assert.equal(last.text, "4");
  await relay.restart(["smp.messages_per_queue=4"]);

  await withClient(relay, async (client) => {
    assert.equal(await sends(client, "6", to), "ERR QUOTA");
    await subscribe(client, queue);
    // Delivered before the restart, but not acknowledged.
    let next = await nextMessage(client, queue);
    assert.deepEqual(next, last);
    for (const text of ["5", "QUOTA"]) {
      next = delivery(queue, await acknowledge(client, queue, next.id));
      assert.equal(next.text, text);
    }
    assert.equal(words(await acknowledge(client, queue, next.id)), "OK");
    assert.equal(await sends(client, "6", to), "OK");
    assert.equal((await nextMessage(client, queue)).text, "6");
  });
});

Deno.test("what was answered OK is kept when the relay stops at once", async () => {
  await using relay = await TestRelay.start({ fsyncDelay: 20 });
  const queues: SecuredQueue[] = [];
  const sent = new Map<SecuredQueue, string[]>();
  await withClient(relay, async (client) => {
    for (let i = 0; i < 4; i++) {
      const queue = await createSecured(client);
      queues.push(queue);
      sent.set(queue, []);
    }
    const sending = Array.from({ length: 40 }, async (_, i) => {
      const queue = queues[i % queues.length];
      const answer = await sends(client, String(i), queue.to).catch(() => "");
      if (answer === "OK") sent.get(queue)?.push(String(i));
    });
    await sending[10];
    await relay.restart();
    await Promise.all(sending);
  });
  await withClient(relay, async (client) => {
    let total = 0;
    for (const secured of queues) {
      const { queue } = secured;
      const received: string[] = [];
      for (;;) {
        const answer = await asRecipient(client, queue, { tag: "GET" });
        if (answer.tag === "OK") break;
        const { id, text } = delivery(queue, answer);
        received.push(text);
        assert.equal(words(await acknowledge(client, queue, id)), "OK");
      }
      const kept = sent.get(secured) ?? [];
      total += kept.length;
      assert.deepEqual(received.filter((text) => kept.includes(text)), kept);
    }
    assert.ok(total > 0);
  });
});
