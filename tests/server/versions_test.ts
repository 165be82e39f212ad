import assert from "node:assert/strict";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import {
  maxMessageLength,
  SmpClientError,
  SmpVersion,
  supportedVersions,
} from "../../relay/smp/mod.ts";
import {
  acknowledge,
  asRecipient,
  createSecured,
  delivery,
  nextMessage,
  nothingUnread,
  recipientSays,
  sends,
  words,
} from "./commands.ts";
import { createQueue, TestRelay } from "./harness.ts";

function connect(relay: TestRelay, version: number) {
  return relay.connect({
    versions: { min: version, max: version },
    alpn: version > SmpVersion.min,
  });
}

for (let version = SmpVersion.min; version <= SmpVersion.max; version++) {
  Deno.test(`version ${version}: create, send, receive, delete`, async () => {
    await using relay = await TestRelay.start();
    await using recipient = await connect(relay, version);
    await using sender = await connect(relay, version);
    assert.equal(recipient.smp.version, version);
    const algorithms = version >= SmpVersion.commandAuth
      ? ["ed25519", "ed448", "x25519"] as const
      : ["ed25519", "ed448"] as const;
    for (const algorithm of algorithms) {
      const { queue, to } = await createSecured(recipient, { algorithm });
      const { senderId } = to;
      assert.equal(await sends(sender, "hello", to), "OK");
      const longest = "-".repeat(maxMessageLength(version));
      assert.equal(await sends(sender, longest, to), "OK");
      if (version >= SmpVersion.encryptedBlock) {
        assert.equal(await sends(sender, longest + "-", to), "ERR LARGE_MSG");
      }
      assert.equal(await sends(sender, "unsigned", { senderId }), "ERR AUTH");
      const first = await nextMessage(recipient, queue);
      assert.equal(first.text, "hello");
      const second = delivery(
        queue,
        await acknowledge(recipient, queue, first.id),
      );
      assert.equal(second.text, longest);
      assert.equal(
        words(await acknowledge(recipient, queue, second.id)),
        "OK",
      );
      const info = await asRecipient(recipient, queue, { tag: "QUE" });
      assert.ok(info.tag === "INFO" && info.info.secured);
      assert.equal(await recipientSays(recipient, queue, { tag: "OFF" }), "OK");
      assert.equal(await recipientSays(recipient, queue, { tag: "DEL" }), "OK");
      assert.equal(await sends(sender, "gone", to), "ERR AUTH");
    }
    await nothingUnread(recipient);
    await nothingUnread(sender);
  });
}

Deno.test("parties of the oldest and the newest version", async () => {
  await using relay = await TestRelay.start();
  for (
    const [recipients, senders] of [
      [SmpVersion.min, SmpVersion.max],
      [SmpVersion.max, SmpVersion.min],
    ]
  ) {
    await using recipient = await connect(relay, recipients);
    await using sender = await connect(relay, senders);
    const { queue, to } = await createSecured(recipient);
    const longest = "-".repeat(maxMessageLength(senders));
    assert.equal(await sends(sender, longest, to), "OK");
    const { id, text } = await nextMessage(recipient, queue);
    assert.equal(text, longest);
    assert.equal(words(await acknowledge(recipient, queue, id)), "OK");
  }
});

Deno.test("versions from before SKEY do not know whether a queue takes it", async () => {
  await using relay = await TestRelay.start();
  await using client = await connect(relay, SmpVersion.senderKey - 1);
  const queue = await createQueue(client);
  assert.equal(queue.ids.mode, undefined);
  const { publicKey, privateKey: key } = generateAuthKeyPair("ed25519");
  await using sender = await connect(relay, SmpVersion.max);
  const answer = await sender.send({ tag: "SKEY", key: publicKey }, {
    entityId: queue.ids.senderId,
    key,
  });
  assert.equal(words(answer), "ERR AUTH");
});

Deno.test("DELD for those who know it, END for the others", async () => {
  await using relay = await TestRelay.start();
  await using other = await connect(relay, SmpVersion.max);
  for (
    const [version, tag] of [
      [SmpVersion.deletedEvent, "DELD"],
      [SmpVersion.deletedEvent - 1, "END"],
    ] as const
  ) {
    await using subscriber = await connect(relay, version);
    const queue = await createQueue(subscriber);
    assert.equal(await recipientSays(other, queue, { tag: "DEL" }), "OK");
    assert.equal((await subscriber.event()).message.tag, tag);
  }
});

Deno.test("relay and client agree on the highest common version", async () => {
  await using relay = await TestRelay.start({
    set: ["smp.min_version=9", "smp.max_version=12"],
  });
  const agreed = async (min: number, max: number) => {
    await using client = await relay.connect({ versions: { min, max } });
    await createQueue(client);
    return client.smp.version;
  };
  assert.equal(await agreed(6, 18), 12);
  assert.equal(await agreed(6, 11), 11);
  assert.equal(await agreed(9, 9), 9);
  assert.equal(await agreed(12, 99), 12);
  const version = (error: unknown) =>
    error instanceof SmpClientError && error.code === "version";
  await assert.rejects(agreed(6, 8), version);
  await assert.rejects(agreed(13, 18), version);
});

Deno.test("without ALPN a relay offers version 6 alone", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect({ alpn: false });
  assert.equal(client.smp.version, SmpVersion.min);
  const { queue, to } = await createSecured(client);
  assert.equal(await sends(client, "hello", to), "OK");
  assert.equal((await nextMessage(client, queue)).text, "hello");
});

Deno.test("a client that offers more versions gets the newest", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect({
    versions: { min: 6, max: 1000 },
  });
  assert.equal(client.smp.version, supportedVersions.max);
});
