import assert from "node:assert/strict";
import { generateAuthKeyPair, publicAuthKey } from "../../relay/crypto/mod.ts";
import { maxMessageLength } from "../../relay/smp/mod.ts";
import {
  acknowledge,
  asRecipient,
  createSecured,
  nextMessage,
  nothingUnread,
  recipientSays,
  sends,
  subscribe,
  words,
} from "./commands.ts";
import { createQueue, TestRelay } from "./harness.ts";

const wrongKey = generateAuthKeyPair("ed25519").privateKey;

Deno.test("NEW, then the recipient secures with KEY", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const queue = await createQueue(recipient, { algorithm: "ed448" });
  const { senderId } = queue.ids;

  assert.equal(await sends(sender, "unsigned", { senderId }), "OK");
  const first = await nextMessage(recipient, queue);
  assert.equal(first.text, "unsigned");
  assert.equal(words(await acknowledge(recipient, queue, first.id)), "OK");
  assert.equal(
    words(await acknowledge(recipient, queue, first.id)),
    "ERR NO_MSG",
  );

  const { publicKey, privateKey: key } = generateAuthKeyPair("ed448");
  const early = await sends(sender, "signed too early", { senderId, key });
  assert.equal(early, "ERR AUTH");

  const secure = { tag: "KEY", key: publicKey } as const;
  const wrongSignature = await recipient.send(secure, {
    entityId: queue.entityId,
    key: wrongKey,
  });
  assert.equal(words(wrongSignature), "ERR AUTH");
  const byUnknownSender = await recipient.send(secure, {
    entityId: senderId,
    key: queue.key,
  });
  assert.equal(words(byUnknownSender), "ERR AUTH");

  assert.equal(await recipientSays(recipient, queue, secure), "OK");
  assert.equal(await recipientSays(recipient, queue, secure), "OK");
  const another = generateAuthKeyPair("ed448").publicKey;
  assert.equal(
    await recipientSays(recipient, queue, { tag: "KEY", key: another }),
    "ERR AUTH",
  );

  assert.equal(await sends(sender, "signed", { senderId, key }), "OK");
  const second = await nextMessage(recipient, queue);
  assert.equal(second.text, "signed");
  assert.equal(words(await acknowledge(recipient, queue, second.id)), "OK");
  assert.equal(await sends(sender, "unsigned", { senderId }), "ERR AUTH");
  await nothingUnread(recipient);
});

Deno.test("the sender secures with SKEY", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const queue = await createQueue(recipient, { algorithm: "ed448" });
  const { senderId: entityId } = queue.ids;
  assert.equal(queue.ids.mode, "M");

  const { publicKey, privateKey: key } = generateAuthKeyPair("ed448");
  const secure = { tag: "SKEY", key: publicKey } as const;
  const says = async (...rest: Parameters<typeof sender.send>) =>
    words(await sender.send(...rest));
  assert.equal(await says(secure, { entityId, key: wrongKey }), "ERR AUTH");
  assert.equal(
    await says(secure, { entityId: queue.ids.recipientId, key }),
    "ERR AUTH",
  );
  assert.equal(await says(secure, { entityId, key }), "OK");
  const other = generateAuthKeyPair("ed448");
  assert.equal(
    await says({ tag: "SKEY", key: other.publicKey }, {
      entityId,
      key: other.privateKey,
    }),
    "ERR AUTH",
  );
  assert.equal(await says(secure, { entityId, key }), "OK");

  const to = { senderId: entityId, key };
  assert.equal(await sends(sender, "hello", to), "OK");
  const message = await nextMessage(recipient, queue);
  assert.equal(message.text, "hello");
  assert.equal(words(await acknowledge(recipient, queue, message.id)), "OK");
  assert.equal(await sends(sender, "no", { senderId: entityId }), "ERR AUTH");
});

Deno.test("the longest message is delivered, a longer one is refused", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const { queue, to } = await createSecured(recipient, { algorithm: "ed448" });
  const longest = "-".repeat(maxMessageLength(sender.smp.version));
  assert.equal(await sends(sender, longest, to), "OK");
  const { id, text } = await nextMessage(recipient, queue);
  assert.equal(text, longest);
  assert.equal(words(await acknowledge(recipient, queue, id)), "OK");
  assert.equal(await sends(sender, longest + "-", to), "ERR LARGE_MSG");
  await nothingUnread(recipient);
});

Deno.test("a contact queue is not secured by SKEY", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const queue = await createQueue(recipient, { queue: { mode: "C" } });
  assert.equal(queue.ids.mode, "C");
  const { publicKey, privateKey } = generateAuthKeyPair("ed448");
  const answer = await sender.send({ tag: "SKEY", key: publicKey }, {
    entityId: queue.ids.senderId,
    key: privateKey,
  });
  assert.equal(words(answer), "ERR AUTH");
  const { senderId } = queue.ids;
  assert.equal(await sends(sender, "still unsigned", { senderId }), "OK");
});

Deno.test("RKEY replaces the recipient's keys of a contact queue", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client, {
    algorithm: "ed448",
    queue: { mode: "C" },
  });
  const added = generateAuthKeyPair("ed25519");
  const oldKey = publicAuthKey(queue.key);
  const says = async (
    command: Parameters<typeof client.send>[0],
    key = queue.key,
  ) => words(await client.send(command, { entityId: queue.entityId, key }));
  const set = (...keys: typeof oldKey[]) => ({ tag: "RKEY", keys } as const);
  const info = { tag: "QUE" } as const;

  assert.equal(await says(set(oldKey, added.publicKey)), "OK");
  assert.equal(await says(info), "INFO");
  assert.equal(await says(info, added.privateKey), "INFO");
  assert.equal(await says(set(added.publicKey), added.privateKey), "OK");
  assert.equal(await says(info), "ERR AUTH");
  assert.equal(
    await says(set(oldKey, added.publicKey), added.privateKey),
    "OK",
  );
  assert.equal(await says(info), "INFO");
  // A key may take itself away.
  assert.equal(await says(set(added.publicKey)), "OK");
  assert.equal(await says(info), "ERR AUTH");
  assert.equal(await says(info, added.privateKey), "INFO");
});

Deno.test("RKEY is refused for a messaging queue", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client);
  const keys = [generateAuthKeyPair("ed25519").publicKey];
  assert.equal(
    await recipientSays(client, queue, { tag: "RKEY", keys }),
    "ERR AUTH",
  );
  assert.equal(await recipientSays(client, queue, { tag: "QUE" }), "INFO");
});

Deno.test("OFF stops the sender, DEL removes the queue", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const { queue, to } = await createSecured(recipient);
  const { senderId } = to;
  assert.equal(await sends(sender, "one", to), "OK");
  assert.equal(await sends(sender, "two", to), "OK");
  const first = await nextMessage(recipient, queue);
  assert.equal(first.text, "one");

  for (const tag of ["OFF", "DEL"] as const) {
    const wrong = await recipient.send({ tag }, {
      entityId: queue.entityId,
      key: wrongKey,
    });
    assert.equal(words(wrong), "ERR AUTH");
    const bySender = await recipient.send({ tag }, {
      entityId: senderId,
      key: queue.key,
    });
    assert.equal(words(bySender), "ERR AUTH");
  }

  assert.equal(await recipientSays(recipient, queue, { tag: "OFF" }), "OK");
  assert.equal(await sends(sender, "three", to), "ERR AUTH");
  assert.equal(await sends(sender, "three", { senderId }), "ERR AUTH");
  assert.equal(await recipientSays(recipient, queue, { tag: "OFF" }), "OK");
  // The recipient still gets what came before, the unacknowledged one again.
  await subscribe(recipient, queue);
  assert.equal((await nextMessage(recipient, queue)).text, "one");

  assert.equal(await recipientSays(recipient, queue, { tag: "DEL" }), "OK");
  assert.equal(await sends(sender, "four", to), "ERR AUTH");
  assert.equal(await sends(sender, "four", { senderId }), "ERR AUTH");
  for (const tag of ["OFF", "SUB", "DEL", "GET", "QUE"] as const) {
    assert.equal(await recipientSays(recipient, queue, { tag }), "ERR AUTH");
  }
  const ack = await acknowledge(recipient, queue, new Uint8Array());
  assert.equal(words(ack), "ERR AUTH");
  await nothingUnread(recipient);
  const { queues, messages } = relay.relay.counts();
  assert.deepEqual({ queues, messages }, { queues: 0, messages: 0 });
});

Deno.test("a relay that takes no new queues", async () => {
  await using relay = await TestRelay.start();
  let queue;
  {
    await using client = await relay.connect();
    queue = await createQueue(client);
  }
  await relay.restart(["smp.new_queues=false"]);
  await using client = await relay.connect();
  await assert.rejects(createQueue(client), /AUTH/);
  await subscribe(client, queue);
  const { senderId } = queue.ids;
  assert.equal(await sends(client, "still in use", { senderId }), "OK");
  assert.equal((await nextMessage(client, queue)).text, "still in use");
});

Deno.test("a relay whose queues take a password", async () => {
  await using relay = await TestRelay.start({
    set: ["smp.create_password=open-sesame"],
  });
  await using client = await relay.connect();
  await assert.rejects(createQueue(client), /AUTH/);
  for (const password of ["", "open", "open-sesamf", "open-sesame-"]) {
    await assert.rejects(createQueue(client, { password }), /AUTH/);
  }
  const queue = await createQueue(client, { password: "open-sesame" });
  const { senderId } = queue.ids;
  assert.equal(await sends(client, "hello", { senderId }), "OK");
  assert.equal((await nextMessage(client, queue)).text, "hello");
});

Deno.test("a password that nobody asked for does no harm", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client, { password: "whatever" });
  const answer = await asRecipient(client, queue, { tag: "QUE" });
  assert.equal(words(answer), "INFO");
});
