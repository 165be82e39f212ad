import assert from "node:assert/strict";
import { generateAuthKeyPair, randomBytes } from "../../relay/crypto/mod.ts";
import type { ClientRequest } from "../../relay/smp/mod.ts";
import type { Connection } from "../../relay/transport/mod.ts";
import {
  createQueues,
  createSecured,
  forMany,
  nothingUnread,
  recipientSays,
  sends,
  words,
} from "./commands.ts";
import { type TestClient, type TestQueue, TestRelay } from "./harness.ts";
import { PausedConnection } from "./paused_connection.ts";

/** `SUB` of all the queues, in as few blocks as possible. */
function subscriptions(queues: readonly TestQueue[]): ClientRequest[] {
  return queues.map(({ entityId, key }) => ({
    command: { tag: "SUB" },
    entityId,
    key,
  }));
}

/** What comes back, in the order of the requests. */
async function answers(
  client: TestClient,
  requests: readonly ClientRequest[],
): Promise<string[]> {
  const responses = await Promise.all(client.smp.requestAll(requests));
  for (const [i, { entityId }] of responses.entries()) {
    assert.deepEqual(entityId, requests[i].entityId ?? new Uint8Array());
  }
  return responses.map(({ message }) => words(message));
}

/** Waits for one message of each of the queues, in whatever order. */
async function receiveAll(
  client: TestClient,
  queues: readonly TestQueue[],
): Promise<void> {
  const missing = new Map(queues.map((queue) => [
    queue.entityId.toHex(),
    queue,
  ]));
  while (missing.size > 0) {
    const { entityId, message } = await client.event();
    const queue = missing.get(entityId.toHex());
    assert.ok(queue, "a message twice, or of no queue");
    assert.equal(queue.text(message), "waiting");
    missing.delete(entityId.toHex());
  }
}

function fill(client: TestClient, queues: readonly TestQueue[]) {
  return forMany(queues, async ({ ids }) => {
    assert.equal(await sends(client, "waiting", ids), "OK");
  });
}

Deno.test("255 commands in a block", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const pings = Array.from(
    { length: 255 },
    (): ClientRequest => ({ command: { tag: "PING" } }),
  );
  assert.deepEqual(
    await answers(client, pings),
    Array.from(pings, () => "PONG"),
  );
});

Deno.test("each command of a block is answered for itself", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  await using subscriber = await relay.connect();
  const [first, second, third] = await createQueues(client, 3);
  const { privateKey } = generateAuthKeyPair("ed25519");
  assert.equal(await sends(client, "waiting", second.ids), "OK");
  const requests: ClientRequest[] = [
    ...subscriptions([first]),
    { command: { tag: "SUB" }, entityId: randomBytes(24), key: privateKey },
    { command: { tag: "PING" } },
    ...subscriptions([second]),
    { command: { tag: "SUB" }, entityId: third.entityId, key: privateKey },
    { command: { tag: "SUB" }, entityId: third.entityId },
    ...subscriptions([third]),
  ];
  assert.deepEqual(await answers(subscriber, requests), [
    "SOK",
    "ERR AUTH",
    "PONG",
    "SOK",
    "ERR AUTH",
    "ERR CMD NO_AUTH",
    "SOK",
  ]);
  await receiveAll(subscriber, [second]);
  await nothingUnread(subscriber);
});

Deno.test("the commands of a block are executed in their order", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { queue, to, sender } = await createSecured(client);
  const { entityId, key } = queue;
  const said = await answers(client, [
    { command: { tag: "KEY", key: sender.publicKey }, entityId, key },
    { command: { tag: "OFF" }, entityId, key },
    {
      command: {
        tag: "SEND",
        notification: false,
        body: new TextEncoder().encode("too late"),
      },
      entityId: to.senderId,
      key: to.key,
    },
    { command: { tag: "DEL" }, entityId, key },
    { command: { tag: "SUB" }, entityId, key },
  ]);
  assert.deepEqual(said, ["OK", "OK", "ERR AUTH", "OK", "ERR AUTH"]);
});

Deno.test("255 SUBs with a message waiting in each queue", async () => {
  await using relay = await TestRelay.start();
  const queues = await (async () => {
    await using client = await relay.connect();
    const queues = await createQueues(client, 255);
    await fill(client, queues);
    return queues;
  })();
  await using client = await relay.connect();
  assert.deepEqual(
    await answers(client, subscriptions(queues)),
    Array.from(queues, () => "SOK"),
  );
  await receiveAll(client, queues);
  await nothingUnread(client);
});

/** A client that can stop reading. */
async function connectPaused(relay: TestRelay) {
  let paused: PausedConnection | undefined;
  const wrap = (inner: Connection) => paused = new PausedConnection(inner);
  const client = await relay.connect({ wrap });
  if (paused === undefined) throw new Error("not connected");
  return { client, connection: paused };
}

const smallOutput = ["limits.output_per_connection=32KB"];

Deno.test("SUBs with more messages than the relay holds for a client", async () => {
  await using relay = await TestRelay.start({ set: smallOutput });
  await using filler = await relay.connect();
  const queues = await createQueues(filler, 200);
  await fill(filler, queues);
  const { client, connection } = await connectPaused(relay);
  await using _client = client;
  connection.pause();
  const said = answers(client, subscriptions(queues));
  await relay.until(({ subscriptions }) => subscriptions === queues.length);
  connection.resume();
  assert.deepEqual(await said, Array.from(queues, () => "SOK"));
  await receiveAll(client, queues);
  await nothingUnread(client);
});

Deno.test("messages for a client that does not read wait until it does", async () => {
  await using relay = await TestRelay.start({ set: smallOutput });
  await using sender = await relay.connect();
  // More than the buffers of the kernel take.
  const queues = await createQueues(sender, 600);
  const { client, connection } = await connectPaused(relay);
  await using _client = client;
  await answers(client, subscriptions(queues));
  connection.pause();
  await fill(sender, queues);
  connection.resume();
  await receiveAll(client, queues);
  await nothingUnread(client);
});

Deno.test("messages stored together, more than the relay holds for a client", async () => {
  await using relay = await TestRelay.start({
    set: smallOutput,
    fsyncDelay: 50,
  });
  await using sender = await relay.connect();
  await using client = await relay.connect();
  const queues = await createQueues(client, 30);
  await answers(client, subscriptions(queues));
  await fill(sender, queues);
  await receiveAll(client, queues);
  await nothingUnread(client);
});

Deno.test("SUBs that wait for the disk with a write, and a block behind them", async () => {
  await using relay = await TestRelay.start({
    set: smallOutput,
    fsyncDelay: 50,
  });
  const queues = await (async () => {
    await using client = await relay.connect();
    const queues = await createQueues(client, 30);
    await fill(client, queues);
    return queues;
  })();
  await using client = await relay.connect();
  const [{ entityId, key }] = queues;
  const off: ClientRequest = { command: { tag: "OFF" }, entityId, key };
  const said = answers(client, [...subscriptions(queues), off]);
  const pong = answers(client, [{ command: { tag: "PING" } }]);
  assert.deepEqual(await said, [...Array.from(queues, () => "SOK"), "OK"]);
  assert.deepEqual(await pong, ["PONG"]);
  await receiveAll(client, queues);
  assert.equal(await recipientSays(client, queues[0], { tag: "DEL" }), "OK");
});
