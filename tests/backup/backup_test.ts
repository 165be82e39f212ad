import assert from "node:assert/strict";
import { join } from "node:path";
import { BackupError, restoreBackup, writeBackup } from "../../backup/mod.ts";
import {
  acknowledge,
  createSecured,
  delivery,
  nextMessage,
  sends,
  subscribe,
  words,
} from "../server/commands.ts";
import { createQueue, TestRelay } from "../server/harness.ts";

const passphrase = "five words that are good";

/** A place for backups and for relays that are restored. */
async function inDirectory(
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function backupOf(relay: TestRelay, target: string): Promise<string> {
  await writeBackup({
    config: relay.config,
    settingsFile: join(relay.config.data.directory, "porchlight.toml"),
    target,
    keys: { passphrase },
  });
  return target;
}

async function names(directory: string): Promise<string[]> {
  const all: string[] = [];
  for await (const { name } of Deno.readDir(directory)) all.push(name);
  return all.sort();
}

Deno.test("a relay is restored on another machine, and clients get what waits", async () => {
  await inDirectory(async (directory) => {
    const old = await TestRelay.start();
    const port = old.relay.ports[0];
    const client = await old.connect();
    const { queue, to } = await createSecured(client, { subscribe: false });
    assert.equal(await sends(client, "one", to), "OK");
    assert.equal(await sends(client, "two", to), "OK");
    await client.smp.close();
    const file = await backupOf(old, join(directory, "relay.age"));
    const { fingerprintText } = old.relay.identity;
    // The old machine is gone, and the backup is all there is.
    await old[Symbol.asyncDispose]();

    const place = join(directory, "new box");
    const report = await restoreBackup({
      source: file,
      directory: place,
      keys: { passphrase },
    });
    assert.equal(report.header.fingerprint, fingerprintText);
    assert.equal(report.aside, undefined);
    await using relay = await TestRelay.start({
      directory: place,
      set: [`listen.ports=${port}`],
    });
    assert.equal(relay.relay.identity.fingerprintText, fingerprintText);
    // The client's own keys, the address's fingerprint, and a new session.
    await using again = await relay.connect();
    await subscribe(again, queue);
    const first = await nextMessage(again, queue);
    assert.equal(first.text, "one");
    const next = await acknowledge(again, queue, first.id);
    const second = delivery(queue, next);
    assert.equal(second.text, "two");
    assert.equal(words(await acknowledge(again, queue, second.id)), "OK");
    assert.equal(await sends(again, "three", to), "OK");
    assert.equal(relay.relay.control.statistics().stored.queues, 1);
  });
});

Deno.test("a relay that is used all the time is backed up as of one moment", async () => {
  await inDirectory(async (directory) => {
    await using relay = await TestRelay.start();
    await using client = await relay.connect();
    const { to } = await createSecured(client, { subscribe: false });
    let sent = 0;
    let isOver = false;
    const sending = (async () => {
      // Each message has its queue: a torn copy would have one without.
      while (!isOver) {
        const queue = await createQueue(client, { subscribe: false });
        assert.equal(await sends(client, "x", queue.ids), "OK");
        sent++;
      }
    })();
    while (sent < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = sent;
    const file = await backupOf(relay, join(directory, "relay.age"));
    const during = sent;
    isOver = true;
    await sending;
    assert.ok(during > before, "nobody was served during the backup");
    assert.equal(await sends(client, "still there", to), "OK");
    const place = join(directory, "new");
    await restoreBackup({
      source: file,
      directory: place,
      keys: { passphrase },
    });
    await using restored = await TestRelay.start({ directory: place });
    const { queues, messages } = restored.relay.counts();
    assert.ok(messages >= before, `${messages} of at least ${before}`);
    assert.ok(messages <= during + 1);
    // The first queue has no message; the last may not have got its own yet.
    assert.ok(queues === messages + 1 || queues === messages + 2);
    assert.deepEqual(
      (await names(relay.config.data.directory)).filter((name) =>
        name.startsWith(".")
      ),
      [],
    );
  });
});

Deno.test("what is damaged, cut, foreign or of another passphrase changes nothing", async () => {
  await inDirectory(async (directory) => {
    await using relay = await TestRelay.start();
    const file = await backupOf(relay, join(directory, "relay.age"));
    const whole = await Deno.readFile(file);
    assert.equal(Number((await Deno.stat(file)).mode) & 0o777, 0o600);
    const place = join(directory, "new");
    const refuses = async (
      bytes: Uint8Array,
      message: RegExp,
      words = passphrase,
    ) => {
      const source = join(directory, "bad.age");
      await Deno.writeFile(source, bytes);
      await assert.rejects(
        restoreBackup({
          source,
          directory: place,
          keys: { passphrase: words },
        }),
        (error) => error instanceof BackupError && message.test(error.message),
      );
      // A lock file aside, there is nothing.
      assert.deepEqual(await names(place), ["relay.lock"]);
    };
    await refuses(whole, /does not open/, "another passphrase");
    await refuses(new TextEncoder().encode("hello"), /no backup/);
    await refuses(new Uint8Array(0), /no backup/);
    await refuses(whole.subarray(0, 100), /damaged/);
    for (const part of [0.3, 0.6, 0.99]) {
      const bytes = whole.slice();
      bytes[Math.floor(bytes.length * part)] ^= 1;
      await refuses(bytes, /damaged/);
    }
    for (const left of [1, 17, 600, 70_000]) {
      await refuses(whole.subarray(0, whole.length - left), /damaged|cut off/);
    }
    const longer = new Uint8Array(whole.length + 10);
    longer.set(whole);
    await refuses(longer, /damaged/);
  });
});

Deno.test("a relay that is there stays, or is kept aside", async () => {
  await inDirectory(async (directory) => {
    await using one = await TestRelay.start();
    const file = await backupOf(one, join(directory, "relay.age"));
    await using other = await TestRelay.start();
    const place = other.config.data.directory;
    const { fingerprintText } = other.relay.identity;
    const restore = (replace?: boolean) =>
      restoreBackup({
        source: file,
        directory: place,
        keys: { passphrase },
        replace,
      });
    await assert.rejects(restore(), /There is a relay .*--replace/);
    // It runs, and must not lose its files under its feet.
    await assert.rejects(restore(true), { name: "StoreError", kind: "locked" });
    await other.relay.stop();
    await assert.rejects(restore(), /There is a relay/);
    const { aside } = await restore(true);
    assert.ok(aside !== undefined);
    assert.equal(
      (await Deno.readTextFile(join(aside, "fingerprint"))).trim(),
      fingerprintText,
    );
    await other.restart();
    assert.equal(
      other.relay.identity.fingerprintText,
      one.relay.identity.fingerprintText,
    );
  });
});
