/** Commands through a proxy, as the reference's `SMPProxyTests`, and errors. */

import assert from "node:assert/strict";
import {
  generateAuthKeyPair,
  generateX25519,
  randomBytes,
  sha3_384,
} from "../../relay/crypto/mod.ts";
import { maxMessageLength } from "../../relay/smp/mod.ts";
import { createQueue, TestRelay } from "../server/harness.ts";
import { sends } from "../server/commands.ts";
import {
  addressOf,
  inWords,
  receiveAll,
  refusal,
  securedThrough,
  sendThrough,
  startProxy,
  through,
  words,
} from "./harness.ts";

Deno.test("SKEY and SEND of every kind of key, through one relay to another", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using sender = await proxy.connect();
  await using recipient = await destination.connect();
  const far = await through(sender, addressOf(destination));
  assert.equal(far.version, 17);
  for (const algorithm of ["ed25519", "ed448", "x25519"] as const) {
    const queue = await createQueue(recipient, { algorithm });
    const { senderId } = queue.ids;
    // Before the queue has a key of its sender, anybody may send.
    assert.equal(words(await sendThrough(far, "first", { senderId })), "OK");
    const { publicKey, privateKey } = generateAuthKeyPair(algorithm);
    const secured = await far.request({
      command: { tag: "SKEY", key: publicKey },
      entityId: senderId,
      key: privateKey,
    });
    assert.equal(words(secured), "OK");
    const body = randomBytes(maxMessageLength(18));
    const sent = await far.request({
      command: { tag: "SEND", notification: true, body },
      entityId: senderId,
      key: privateKey,
    });
    assert.equal(words(sent), "OK");
    const to = { senderId, key: privateKey };
    const texts = await receiveAll(recipient, {
      queue,
      sender: { publicKey, privateKey },
      to,
    }, 2);
    assert.deepEqual(texts, ["first", new TextDecoder().decode(body)]);
    // The destination's own errors come through as they are.
    const stranger = generateAuthKeyPair(algorithm).privateKey;
    const refused = { senderId, key: stranger };
    assert.equal(words(await sendThrough(far, "x", refused)), "ERR AUTH");
    assert.equal(words(await sendThrough(far, "x", { senderId })), "ERR AUTH");
    // And the connection of the destination to others goes on.
    await using direct = await destination.connect();
    assert.equal(await sends(direct, "x", refused), "ERR AUTH");
  }
  assert.equal(proxy.relay.counts().destinations, 1);
});

Deno.test("LKEY and LGET through a proxy", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using sender = await proxy.connect();
  await using recipient = await destination.connect();
  const far = await through(sender, addressOf(destination));
  const data = { fixed: randomBytes(100), user: randomBytes(2000) };
  const create = async (mode: "M" | "C") => {
    const correlationId = randomBytes(24);
    const senderId = sha3_384(correlationId).slice(0, 24);
    const linkId = randomBytes(24);
    const { publicKey, privateKey: key } = generateAuthKeyPair("ed25519");
    const message = await recipient.send({
      tag: "NEW",
      request: {
        recipientKey: publicKey,
        recipientDhKey: generateX25519().publicKey,
        subscribe: false,
        queue: mode === "M"
          ? { mode, link: { senderId, data } }
          : { mode, link: { linkId, senderId, data } },
      },
    }, { key, correlationId });
    assert.equal(message.tag, "IDS");
    assert.ok(message.ids.linkId);
    return { linkId: message.ids.linkId, senderId };
  };
  const contact = await create("C");
  const got = await far.request({
    command: { tag: "LGET" },
    entityId: contact.linkId,
  });
  assert.deepEqual(got, { tag: "LNK", senderId: contact.senderId, data });
  const invitation = await create("M");
  const { publicKey, privateKey } = generateAuthKeyPair("x25519");
  const secured = await far.request({
    command: { tag: "LKEY", key: publicKey },
    entityId: invitation.linkId,
    key: privateKey,
  });
  assert.deepEqual(secured, {
    tag: "LNK",
    senderId: invitation.senderId,
    data,
  });
  const again = await far.request({
    command: { tag: "LGET" },
    entityId: invitation.linkId,
  });
  assert.equal(words(again), "ERR AUTH");
});

Deno.test("a relay forwards to itself, also where its own name leads nowhere", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const address = addressOf(relay, { hosts: ["relay.invalid"] });
  const far = await through(client, address);
  const secured = await securedThrough(far, client);
  assert.equal(words(await sendThrough(far, "to me", secured.to)), "OK");
  assert.deepEqual(await receiveAll(client, secured, 1), ["to me"]);
});

Deno.test("all clients share a session with the destination", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using one = await proxy.connect();
  await using two = await proxy.connect();
  const address = addressOf(destination);
  // At the same time, so that the second waits for the first's attempt.
  const all = await Promise.all([
    through(one, address),
    through(two, address),
    through(one, address),
  ]);
  for (const far of all) assert.deepEqual(far.sessionId, all[0].sessionId);
  await destination.until(({ sessions }) => sessions === 1);
  assert.equal(proxy.relay.counts().destinations, 1);
});

Deno.test("more requests in one block than may be under way", async () => {
  await using proxy = await startProxy({ set: ["proxy.client_concurrency=2"] });
  await using destination = await TestRelay.start();
  await using client = await proxy.connect();
  const relay = addressOf(destination);
  const byName = addressOf(destination, { hosts: ["localhost"] });
  const requests = Array.from({ length: 60 }, (_, i) => ({
    command: { tag: "PRXY", relay: i % 2 === 0 ? relay : byName } as const,
  }));
  const ping = { command: { tag: "PING" } as const };
  const responses = client.smp.requestAll([...requests, ping]);
  const tags = (await Promise.all(responses)).map(({ message }) => message.tag);
  assert.deepEqual(new Set(tags.slice(0, -1)), new Set(["PKEY"]));
  assert.equal(tags.at(-1), "PONG");
  assert.equal(proxy.relay.counts().destinations, 2);
});

Deno.test("commands that may not be forwarded are refused by the destination", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using sender = await proxy.connect();
  await using recipient = await destination.connect();
  const far = await through(sender, addressOf(destination));
  const queue = await createQueue(recipient);
  const answer = await far.request({
    command: { tag: "SUB" },
    entityId: queue.entityId,
    key: queue.key,
  });
  assert.equal(words(answer), "ERR CMD PROHIBITED");
});

Deno.test("a proxy that is switched off, and the password", async () => {
  await using destination = await TestRelay.start();
  const address = addressOf(destination);
  {
    await using off = await startProxy({ set: ["proxy.enabled=false"] });
    await using client = await off.connect();
    assert.equal(await refusal(through(client, address)), "PROXY BASIC_AUTH");
  }
  await using proxy = await startProxy({ set: ["smp.create_password=right"] });
  await using client = await proxy.connect();
  for (const password of [undefined, "wrong", ""]) {
    const opened = through(client, address, { password });
    assert.equal(await refusal(opened), "PROXY BASIC_AUTH");
  }
  const far = await through(client, address, { password: "right" });
  assert.equal(far.sessionId.length > 0, true);
});

Deno.test("a session that the proxy does not have", async () => {
  await using proxy = await startProxy();
  await using client = await proxy.connect();
  const answer = await client.send({
    tag: "PFWD",
    version: 17,
    key: randomBytes(32),
    transmission: randomBytes(100),
  }, { entityId: new TextEncoder().encode("bad session") });
  assert.equal(answer.tag, "ERR");
  assert.equal(inWords(answer.error), "PROXY NO_SESSION");
});

Deno.test("what only the destination can read, it refuses to the proxy", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using client = await proxy.connect();
  const far = await through(client, addressOf(destination));
  const forward = async (transmission: Uint8Array) => {
    const answer = await client.send({
      tag: "PFWD",
      version: 17,
      key: generateAuthKeyPair("x25519").publicKey.raw,
      transmission,
    }, { entityId: far.sessionId });
    assert.equal(answer.tag, "ERR");
    return inWords(answer.error);
  };
  assert.equal(await forward(randomBytes(100)), "PROXY PROTOCOL CRYPTO");
  assert.equal(await forward(randomBytes(0)), "PROXY PROTOCOL CRYPTO");
});
