import assert from "node:assert/strict";
import {
  generateAuthKeyPair,
  generateX25519,
  randomBytes,
} from "../../relay/crypto/mod.ts";
import type { Command } from "../../relay/smp/mod.ts";
import { concatBytes, EMPTY, Writer } from "../../relay/wire/mod.ts";
import { words } from "./commands.ts";
import { createQueue, type TestClient, TestRelay } from "./harness.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const queueId = ascii("12345678");
const key = generateAuthKeyPair("ed25519");
/** A key as commands carry it. */
const keyBytes = new Writer(64).short(key.publicKey.spki).finish();
const dhKeyBytes = new Writer(64)
  .short(generateAuthKeyPair("x25519").publicKey.spki).finish();

/** Sends a command as these bytes; what came back, in words. */
async function raw(
  client: TestClient,
  command: Uint8Array,
  { authorized = true, entityId = queueId }: {
    authorized?: boolean;
    entityId?: Uint8Array;
  } = {},
): Promise<string> {
  const correlationId = randomBytes(4);
  const transmission = new Writer(1024);
  if (authorized) transmission.short(randomBytes(64)).ascii("0");
  else transmission.byte(0);
  transmission.short(correlationId).short(entityId).bytes(command);
  client.smp.sendContent(
    new Writer(1024).byte(1).large(transmission.finish()).finish(),
  );
  const response = await client.event();
  assert.deepEqual(response.correlationId, correlationId);
  assert.deepEqual(response.entityId, entityId);
  return words(response.message);
}

Deno.test("commands that are none", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const unknown = ["HELLO", "SUBS0", "", " ", "sub", "SUB=", "OFF=", "DEL="];
  for (const command of unknown) {
    const said = await raw(client, ascii(command), { authorized: false });
    assert.equal(said, "ERR CMD UNKNOWN", command);
  }
  // What only a relay says.
  for (const command of ["OK", "PONG", "END", "SOK0"]) {
    assert.equal(await raw(client, ascii(command)), "ERR CMD UNKNOWN");
  }
});

Deno.test("parameters that are missing or too many", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const tags = ["NEW", "KEY", "SKEY", "RKEY", "LKEY", "LSET", "NKEY", "SEND"];
  for (const tag of [...tags, "ACK"]) {
    const entityId = tag === "NEW" ? EMPTY : queueId;
    const said = await raw(client, ascii(tag), { entityId });
    assert.equal(said, "ERR CMD SYNTAX", tag);
  }
  const extra = Uint8Array.of(1, 0x41);
  const keys = [keyBytes, dhKeyBytes];
  assert.equal(
    await raw(client, concatBytes(ascii("NEW "), extra, ...keys), {
      entityId: EMPTY,
    }),
    "ERR CMD SYNTAX",
  );
  assert.equal(
    await raw(client, concatBytes(ascii("KEY "), extra, keyBytes)),
    "ERR CMD SYNTAX",
  );
  assert.equal(
    await raw(client, concatBytes(ascii("KEY "), keyBytes, extra)),
    "ERR CMD SYNTAX",
  );
  assert.equal(
    await raw(client, concatBytes(ascii("KEY "), keyBytes)),
    "ERR AUTH",
  );
  assert.equal(await raw(client, ascii("SEND T")), "ERR CMD SYNTAX");
});

Deno.test("commands without the ID or the signature that they need", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const says = async (
    command: Command,
    rest: Parameters<TestClient["send"]>[1],
  ) => words(await client.send(command, rest));
  const body = ascii("hello");
  const byRecipient: Command[] = [
    ...(["SUB", "GET", "OFF", "DEL", "QUE", "LDEL", "NDEL"] as const).map(
      (tag) => ({ tag }),
    ),
    { tag: "KEY", key: key.publicKey },
    { tag: "ACK", messageId: ascii("1234") },
  ];
  const signed = { key: key.privateKey };
  for (const command of byRecipient) {
    const { tag } = command;
    const known = { ...signed, entityId: queueId };
    assert.equal(await says(command, known), "ERR AUTH", tag);
    assert.equal(
      await says(command, { entityId: queueId }),
      "ERR CMD NO_AUTH",
      tag,
    );
    assert.equal(await says(command, signed), "ERR CMD NO_AUTH", tag);
    assert.equal(await says(command, {}), "ERR CMD NO_AUTH", tag);
  }

  const send: Command = { tag: "SEND", notification: false, body };
  assert.equal(await says(send, { ...signed, entityId: queueId }), "ERR AUTH");
  assert.equal(await says(send, { entityId: queueId }), "ERR AUTH");
  assert.equal(await says(send, signed), "ERR CMD NO_ENTITY");
  assert.equal(await says(send, {}), "ERR CMD NO_ENTITY");

  const create: Command = {
    tag: "NEW",
    request: {
      recipientKey: key.publicKey,
      recipientDhKey: generateX25519().publicKey,
      subscribe: true,
      queue: { mode: "M" },
    },
  };
  assert.equal(await says(create, {}), "ERR CMD NO_AUTH");
  assert.equal(
    await says(create, { ...signed, entityId: queueId }),
    "ERR CMD HAS_AUTH",
  );
  const other = generateAuthKeyPair("ed25519").privateKey;
  assert.equal(await says(create, { key: other }), "ERR AUTH");

  const ping: Command = { tag: "PING" };
  assert.equal(await says(ping, {}), "PONG");
  assert.equal(await says(ping, signed), "ERR CMD HAS_AUTH");
  assert.equal(await says(ping, { entityId: queueId }), "ERR CMD HAS_AUTH");
});

Deno.test("an authorization of no known size", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  for (const size of [1, 63, 65, 79, 113, 115, 255]) {
    const correlationId = randomBytes(24);
    const transmission = new Writer(1024).short(randomBytes(size)).ascii("0")
      .short(correlationId).short(queueId).ascii("SUB").finish();
    client.smp.sendContent(
      new Writer(1024).byte(1).large(transmission).finish(),
    );
    const response = await client.event();
    assert.deepEqual(response.correlationId, correlationId);
    assert.equal(words(response.message), "ERR BLOCK");
  }
});

Deno.test("a service's signature of somebody who is no service", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { entityId } = await createQueue(client);
  const transmission = new Writer(1024).short(randomBytes(64))
    .ascii("1").short(randomBytes(64))
    .short(randomBytes(24)).short(entityId).ascii("SUB").finish();
  client.smp.sendContent(new Writer(1024).byte(1).large(transmission).finish());
  assert.equal(words((await client.event()).message), "ERR SERVICE");
});
