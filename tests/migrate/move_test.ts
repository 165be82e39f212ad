import assert from "node:assert/strict";
import { join } from "node:path";
import { porchlight } from "../../cli/testing.ts";
import {
  boxKey,
  type BoxSecret,
  dh,
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
  randomBytes,
  sha3_384,
} from "../../relay/crypto/mod.ts";
import { decryptNotificationMeta } from "../../relay/smp/mod.ts";
import {
  acknowledge,
  asRecipient,
  createSecured,
  delivery,
  forMany,
  nextMessage,
  recipientSays,
  type SecuredQueue,
  sends,
  subscribe,
  words,
} from "../server/commands.ts";
import {
  createQueue,
  type RelayPlace,
  TestClient,
  type TestQueue,
  TestRelay,
} from "../server/harness.ts";
import {
  freePort,
  initReference,
  type ReferencePlace,
  ReferenceServer,
  referenceTest,
} from "./reference_server.ts";

/** Who gets notifications of a queue. */
interface Notifier {
  readonly id: Uint8Array;
  readonly key: PrivateAuthKey;
  readonly secret: BoxSecret;
}

/** Queues of one client, in the states that queues can be in. */
interface Moving {
  readonly pending: SecuredQueue;
  readonly received: SecuredQueue;
  readonly notified: SecuredQueue;
  readonly notifier: Notifier;
  readonly off: SecuredQueue;
  readonly deleted: SecuredQueue;
  readonly contact: TestQueue;
  readonly linkId: Uint8Array;
  readonly full: SecuredQueue;
}

const LONG = "long ".repeat(3000);
const QUOTA = 128;
const LINK = {
  fixed: new TextEncoder().encode("fixed"),
  user: new TextEncoder().encode("user"),
};
const idle = { subscribe: false };

/** Makes the queues on the first server. */
async function make(server: RelayPlace): Promise<Moving> {
  await using client = await TestClient.connect(server);
  const pending = await createSecured(client, {
    ...idle,
    senderAlgorithm: "x25519",
  });
  for (const text of ["one", "two", LONG]) {
    assert.equal(await sends(client, text, pending.to), "OK");
  }
  const received = await createSecured(client, { algorithm: "ed448" });
  assert.equal(await sends(client, "old", received.to), "OK");
  const old = await nextMessage(client, received.queue);
  assert.equal(words(await acknowledge(client, received.queue, old.id)), "OK");
  const notified = await createSecured(client, idle);
  const notifier = await addNotifier(client, notified.queue);
  await ring(client, notified);
  const off = await createSecured(client, idle);
  assert.equal(await sends(client, "before", off.to), "OK");
  assert.equal(await recipientSays(client, off.queue, { tag: "OFF" }), "OK");
  const deleted = await createSecured(client, idle);
  assert.equal(await sends(client, "gone", deleted.to), "OK");
  const gone = await recipientSays(client, deleted.queue, { tag: "DEL" });
  assert.equal(gone, "OK");
  const contact = await createQueue(client, { ...idle, queue: { mode: "C" } });
  assert.equal(await sends(client, "hello", contact.ids), "OK");
  const linkId = await addLink(client);
  const full = await createSecured(client, idle);
  const numbers = Array.from({ length: QUOTA + 1 }, (_, i) => `${i}`);
  const answers = await forMany(numbers, (n) => sends(client, n, full.to));
  assert.deepEqual(answers.slice(-2), ["OK", "ERR QUOTA"]);
  return {
    pending,
    received,
    notified,
    notifier,
    off,
    deleted,
    contact,
    linkId,
    full,
  };
}

async function addNotifier(
  client: TestClient,
  queue: TestQueue,
): Promise<Notifier> {
  const keys = generateAuthKeyPair("ed25519");
  const dhKeys = generateX25519();
  const named = await asRecipient(client, queue, {
    tag: "NKEY",
    request: { authKey: keys.publicKey, dhKey: dhKeys.publicKey },
  });
  assert.equal(named.tag, "NID", words(named));
  const secret = dh(named.relayDhKey, dhKeys.privateKey);
  assert(secret);
  const id = named.notifierId;
  return { id, key: keys.privateKey, secret: boxKey(secret) };
}

async function ring(client: TestClient, { to }: SecuredQueue): Promise<void> {
  const body = new TextEncoder().encode("ring");
  const sent = await client.send({ tag: "SEND", notification: true, body }, {
    entityId: to.senderId,
    key: to.key,
  });
  assert.equal(words(sent), "OK");
}

async function addLink(client: TestClient): Promise<Uint8Array> {
  const { publicKey, privateKey: key } = generateAuthKeyPair("ed25519");
  const correlationId = randomBytes(24);
  const linkId = randomBytes(24);
  const senderId = sha3_384(correlationId).slice(0, 24);
  const made = await client.send({
    tag: "NEW",
    request: {
      recipientKey: publicKey,
      recipientDhKey: generateX25519().publicKey,
      subscribe: false,
      queue: { mode: "C", link: { senderId, linkId, data: LINK } },
    },
  }, { key, correlationId });
  assert.equal(made.tag, "IDS", words(made));
  return linkId;
}

/** Receives these messages, and with `rest` leaves others that wait. */
async function receive(
  client: TestClient,
  queue: TestQueue,
  { texts, rest = false }: { texts: readonly string[]; rest?: boolean },
): Promise<void> {
  await subscribe(client, queue);
  let next = await nextMessage(client, queue);
  for (const [index, text] of texts.entries()) {
    assert.equal(next.text, text);
    const answer = await acknowledge(client, queue, next.id);
    if (index === texts.length - 1 && !rest) {
      assert.equal(words(answer), "OK");
    } else next = delivery(queue, answer);
  }
}

/** What the client finds after the first move, and does. */
async function goOn(server: RelayPlace, queues: Moving): Promise<void> {
  await using client = await TestClient.connect(server);
  const { pending, received, notified, off, deleted, contact, full } = queues;
  // The first message only: the others wait for the second move.
  await receive(client, pending.queue, { texts: ["one"], rest: true });
  assert.equal(await sends(client, "three", pending.to), "OK");
  await subscribe(client, received.queue);
  assert.equal(await sends(client, "new", received.to), "OK");
  assert.equal((await nextMessage(client, received.queue)).text, "new");
  await checkNotification(client, queues.notifier);
  await receive(client, notified.queue, { texts: ["ring"] });
  await ring(client, notified);
  assert.equal(await sends(client, "no", off.to), "ERR AUTH");
  const gone = await recipientSays(client, deleted.queue, { tag: "SUB" });
  assert.equal(gone, "ERR AUTH");
  await subscribe(client, contact);
  const link = await client.send({ tag: "LGET" }, { entityId: queues.linkId });
  assert.equal(link.tag, "LNK", words(link));
  assert.deepEqual(link.data, LINK);
  assert.equal(await sends(client, "more", full.to), "ERR QUOTA");
}

/** What the client finds after the second move. */
async function goOnAgain(server: RelayPlace, queues: Moving): Promise<void> {
  await using client = await TestClient.connect(server);
  const { pending, received, notified, off, deleted, contact, full } = queues;
  await receive(client, pending.queue, { texts: ["two", LONG, "three"] });
  await receive(client, received.queue, { texts: ["new"] });
  await checkNotification(client, queues.notifier);
  await receive(client, notified.queue, { texts: ["ring"] });
  assert.equal(await sends(client, "no", off.to), "ERR AUTH");
  await receive(client, off.queue, { texts: ["before"] });
  const gone = await recipientSays(client, deleted.queue, { tag: "SUB" });
  assert.equal(gone, "ERR AUTH");
  await receive(client, contact, { texts: ["hello"] });
  const link = await client.send({ tag: "LGET" }, { entityId: queues.linkId });
  assert.equal(link.tag, "LNK", words(link));
  assert.deepEqual(link.data, LINK);
  assert.equal(await sends(client, "more", full.to), "ERR QUOTA");
  const numbers = Array.from({ length: QUOTA }, (_, i) => `${i}`);
  await receive(client, full.queue, { texts: [...numbers, "QUOTA"] });
  assert.equal(await sends(client, "more", full.to), "OK");
}

async function checkNotification(
  client: TestClient,
  { id, key, secret }: Notifier,
): Promise<void> {
  const answer = await client.send({ tag: "NSUB" }, { entityId: id, key });
  assert.equal(words(answer), "SOK");
  const { message } = await client.event();
  assert.equal(message.tag, "NMSG", words(message));
  const meta = decryptNotificationMeta(message.meta, {
    secret,
    nonce: message.nonce,
  });
  assert(meta);
}

/** A relay on imported data. */
async function startImported(directory: string): Promise<TestRelay> {
  return await TestRelay.start({
    directory,
    set: ["smp.notification_delivery_interval=100ms"],
  });
}

for (const store of ["memory", "journal"] as const) {
  referenceTest(
    `a client moves with its server and back: ${store} store`,
    async () => {
      const root = await Deno.makeTempDir();
      const first: ReferencePlace = {
        config: join(root, "etc"),
        state: join(root, "var"),
      };
      const second = join(root, "back");
      const data = join(root, "data");
      const port = freePort();
      await initReference(first, { port, store });
      let queues: Moving;
      {
        await using server = await ReferenceServer.start(first, port);
        queues = await make(server);
      }
      const before = await snapshot(root);
      const taken = await porchlight([
        "import",
        first.state,
        "--config-dir",
        first.config,
        "--data",
        data,
      ]);
      assert.equal(taken.code, 0, taken.stderr);
      assert.equal(taken.stderr, "");
      assert.match(
        taken.stdout,
        / 7 {2}queues\n +\d+ {2}messages\n +1 {2}notif/,
      );
      const after = await snapshot(root);
      for (const [path, text] of before) assert.equal(after.get(path), text);
      {
        const relay = await startImported(data);
        await goOn(relay.relay, queues);
        await relay.relay.stop();
      }
      const written = await porchlight([
        "export",
        second,
        "--data",
        data,
        "--set",
        `listen.ports=${port}`,
      ]);
      assert.equal(written.code, 0, written.stderr);
      const place = { config: second, state: second };
      await using server = await ReferenceServer.start(place, port);
      await goOnAgain(server, queues);
      await Deno.remove(root, { recursive: true });
    },
  );
}

/** All files below a directory and what is in them. */
async function snapshot(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(root)) {
    const path = join(root, name);
    if (!isDirectory) files.set(path, await Deno.readTextFile(path));
    else for (const [key, value] of await snapshot(path)) files.set(key, value);
  }
  return files;
}
