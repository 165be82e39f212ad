import assert from "node:assert/strict";
import {
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
  randomBytes,
  sha3_384,
} from "../../relay/crypto/mod.ts";
import type {
  LinkData,
  Message,
  QueueIds,
  QueueRequest,
} from "../../relay/smp/mod.ts";
import { words } from "./commands.ts";
import { sendText, type TestClient, TestRelay } from "./harness.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const data: LinkData = { fixed: bytes("fixed"), user: bytes("user") };
const updated: LinkData = { ...data, user: bytes("other user data") };

/** The sender ID that goes with a correlation ID, and what `NEW` asks. */
function linkRequest(mode: "M" | "C", linkId = randomBytes(24)) {
  const correlationId = randomBytes(24);
  const senderId = sha3_384(correlationId).slice(0, 24);
  const queue: QueueRequest = mode === "M"
    ? { mode, link: { senderId, data } }
    : { mode, link: { senderId, linkId, data } };
  return { correlationId, senderId, linkId, queue };
}

interface LinkQueue {
  readonly ids: QueueIds;
  readonly linkId: Uint8Array;
  readonly key: PrivateAuthKey;
  /** A command of the recipient, and what came back in words. */
  says(command: Parameters<TestClient["send"]>[0]): Promise<string>;
}

async function create(
  client: TestClient,
  request: Pick<ReturnType<typeof linkRequest>, "correlationId" | "queue">,
): Promise<LinkQueue | string> {
  const { publicKey, privateKey: key } = generateAuthKeyPair("ed25519");
  const message = await client.send({
    tag: "NEW",
    request: {
      recipientKey: publicKey,
      recipientDhKey: generateX25519().publicKey,
      subscribe: true,
      queue: request.queue,
    },
  }, { key, correlationId: request.correlationId });
  if (message.tag !== "IDS") return words(message);
  const { ids } = message;
  const entityId = ids.recipientId;
  assert.ok(ids.linkId);
  const says: LinkQueue["says"] = async (command) =>
    words(await client.send(command, { entityId, key }));
  return { ids, linkId: ids.linkId, key, says };
}

async function created(
  client: TestClient,
  request: ReturnType<typeof linkRequest>,
): Promise<LinkQueue> {
  const queue = await create(client, request);
  if (typeof queue === "string") throw new Error(queue);
  assert.deepEqual(queue.ids.senderId, request.senderId);
  return queue;
}

function assertLink(
  message: Message,
  expected: { senderId: Uint8Array; data: LinkData },
): void {
  assert.equal(message.tag, "LNK", words(message));
  assert.deepEqual(message.senderId, expected.senderId);
  assert.deepEqual(message.data, expected.data);
}

Deno.test("a link's sender ID comes from the correlation ID", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  for (const mode of ["M", "C"] as const) {
    const request = linkRequest(mode);
    const correlationId = randomBytes(24);
    assert.equal(
      await create(client, { ...request, correlationId }),
      "ERR CMD PROHIBITED",
    );
    await created(client, request);
  }
});

Deno.test("the link of an invitation is read by whoever secures the queue", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const request = linkRequest("M");
  const { senderId } = request;
  const { ids, linkId, says } = await created(recipient, request);
  assert.equal(ids.mode, "M");

  assert.equal(
    words(await sender.send({ tag: "LGET" }, { entityId: linkId })),
    "ERR AUTH",
  );
  assert.equal(await says({ tag: "LSET", linkId, data: updated }), "OK");

  const { publicKey, privateKey: key } = generateAuthKeyPair("ed25519");
  const read = { tag: "LKEY", key: publicKey } as const;
  assert.equal(
    words(await sender.send(read, { entityId: linkId })),
    "ERR CMD NO_AUTH",
  );
  const other = generateAuthKeyPair("ed25519");
  assert.equal(
    words(await sender.send(read, { entityId: linkId, key: other.privateKey })),
    "ERR AUTH",
  );
  assert.equal(
    words(await sender.send(read, { entityId: ids.recipientId, key })),
    "ERR AUTH",
  );
  const expected = { senderId, data: updated };
  assertLink(await sender.send(read, { entityId: linkId, key }), expected);
  assert.equal(
    words(
      await sender.send({ tag: "LKEY", key: other.publicKey }, {
        entityId: linkId,
        key: other.privateKey,
      }),
    ),
    "ERR AUTH",
  );
  assertLink(await sender.send(read, { entityId: linkId, key }), expected);

  assert.equal(await says({ tag: "LSET", linkId, data }), "ERR AUTH");
  assert.equal(await says({ tag: "LDEL" }), "OK");
  assert.equal(
    words(await sender.send(read, { entityId: linkId, key })),
    "ERR AUTH",
  );
});

Deno.test("the first secured message ends an invitation's link", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const request = linkRequest("M");
  const { senderId } = request;
  const { linkId } = await created(recipient, request);
  const { publicKey, privateKey: key } = generateAuthKeyPair("x25519");
  const read = () =>
    sender.send({ tag: "LKEY", key: publicKey }, { entityId: linkId, key });
  assertLink(await read(), { senderId, data });
  assert.equal(words(await sendText(sender, "hi", { senderId, key })), "OK");
  assert.equal(words(await read()), "ERR AUTH");
});

Deno.test("the link of a contact address is read by anybody", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  await using sender = await relay.connect();
  const request = linkRequest("C");
  const { senderId } = request;
  const { ids, linkId, says } = await created(recipient, request);
  assert.equal(ids.mode, "C");
  assert.deepEqual(linkId, request.linkId);
  const read = (entityId = linkId) =>
    sender.send({ tag: "LGET" }, { entityId });

  const { publicKey, privateKey: key } = generateAuthKeyPair("ed25519");
  const secure = { tag: "LKEY", key: publicKey } as const;
  assert.equal(
    words(await sender.send(secure, { entityId: linkId, key })),
    "ERR AUTH",
  );
  assert.equal(
    words(await sender.send({ tag: "LGET" }, { entityId: linkId, key })),
    "ERR CMD HAS_AUTH",
  );
  assert.equal(words(await read(ids.recipientId)), "ERR AUTH");
  assertLink(await read(), { senderId, data });
  assertLink(await read(), { senderId, data });

  assert.equal(await says({ tag: "LSET", linkId, data: updated }), "OK");
  assertLink(await read(), { senderId, data: updated });
  const another = randomBytes(24);
  assert.equal(
    await says({ tag: "LSET", linkId: another, data: updated }),
    "ERR AUTH",
  );
  const changed = { fixed: bytes("changed"), user: data.user };
  assert.equal(await says({ tag: "LSET", linkId, data: changed }), "ERR AUTH");
  assertLink(await read(), { senderId, data: updated });

  assert.equal(await says({ tag: "LDEL" }), "OK");
  assert.equal(await says({ tag: "LDEL" }), "OK");
  assert.equal(words(await read()), "ERR AUTH");
  assert.equal(await says({ tag: "LSET", linkId, data: changed }), "OK");
  assertLink(await read(), { senderId, data: changed });
});

Deno.test("a link ID belongs to one queue", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const request = linkRequest("C");
  const owner = await created(client, request);
  const { linkId, senderId } = request;

  assert.equal(await create(client, linkRequest("C", linkId)), "ERR AUTH");
  const thief = await created(client, linkRequest("C"));
  assert.equal(await thief.says({ tag: "LDEL" }), "OK");
  assert.equal(
    await thief.says({ tag: "LSET", linkId, data: updated }),
    "ERR AUTH",
  );
  // Nor when it is only on disk.
  await relay.restart();
  await using again = await relay.connect();
  const stolen = await again.send({ tag: "LSET", linkId, data: updated }, {
    entityId: thief.ids.recipientId,
    key: thief.key,
  });
  assert.equal(words(stolen), "ERR AUTH");
  assertLink(await again.send({ tag: "LGET" }, { entityId: linkId }), {
    senderId,
    data,
  });
  const own = await again.send({ tag: "LSET", linkId, data: updated }, {
    entityId: owner.ids.recipientId,
    key: owner.key,
  });
  assert.equal(words(own), "OK");
});
