import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import {
  createIdentity,
  identityPaths,
  loadIdentity,
} from "../identity/mod.ts";
import { decryptNotificationMeta } from "../smp/mod.ts";
import { openSqliteStore, StoreError } from "../store/mod.ts";
import { bytesOf } from "./fields.ts";
import { parseIni } from "./ini.ts";
import { exportState, importState, MigrateError } from "./mod.ts";
import { facts, inDirectory, recordedText, writeRecorded } from "./testing.ts";

function configOf(directory: string, ...set: string[]) {
  return loadConfig({ set: [`data.directory=${directory}`, ...set], env: {} });
}

/** A relay in `root/data` with what a recorded server has. */
async function imported(root: string) {
  const old = join(root, "old");
  await createIdentity(old);
  writeRecorded("smp-memory", old);
  const directory = join(root, "data");
  await importState({
    from: { state: old, config: old },
    directory,
    settingsFile: join(directory, "porchlight.toml"),
  });
  return directory;
}

function exportFrom(directory: string, state: string, settings?: string) {
  return exportState({
    config: configOf(directory),
    identity: identityPaths(directory),
    state,
    settings,
  });
}

Deno.test("what was imported is exported as it was", () =>
  inDirectory(async (root) => {
    const directory = await imported(root);
    const state = join(root, "var");
    const settings = join(root, "etc");
    const report = await exportFrom(directory, state, settings);
    assert.deepEqual(report.findings.notes, []);
    const lines = (name: string) =>
      Deno.readTextFileSync(join(state, name)).trimEnd().split("\n").sort();
    const recorded = (name: string) =>
      recordedText(`smp-memory/${name}`).trimEnd().split("\n").sort();
    const messages = "smp-server-messages.log";
    assert.deepEqual(lines(messages), recorded(messages));
    assert.equal(report.queues, 10);
    assert.equal(report.services, 1);

    // Nonce and ciphertext are new, the rest is what it was.
    const secret = facts("smp-memory").objects("queues")
      .find((queue) => queue.text("name") === "notifier")
      ?.bytes("ntfDhSecret");
    assert(secret);
    const open = (line: string) => {
      const [, notifier, id, time, nonce, metadata] = line.split(" ");
      const meta = decryptNotificationMeta(bytesOf(metadata, "metadata"), {
        secret,
        nonce: bytesOf(nonce, "nonce"),
      });
      assert(meta);
      assert.deepEqual(
        new Uint8Array(bytesOf(id, "ID")),
        new Uint8Array(meta.messageId),
      );
      return `${notifier} ${id} ${time} ${meta.time}`;
    };
    const log = "smp-server-ntfs.log";
    assert.deepEqual(
      lines(log).map(open).sort(),
      recorded(log).map(open).sort(),
    );
    assert.equal(
      (await loadIdentity(identityPaths(settings))).fingerprintText,
      report.fingerprint,
    );
    const { mode } = await Deno.stat(join(state, "smp-server-store.log"));
    assert.equal((mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("the exported settings say what the relay's do", () =>
  inDirectory(async (root) => {
    const directory = await imported(root);
    const state = join(root, "out");
    await exportState({
      config: configOf(
        directory,
        "smp.create_password=secret",
        "smp.message_expiry=36h",
        "listen.ports=5223,443",
        "smp.new_queues=false",
        "information.source_code=https://example.org/source",
        "information.server_country=DE",
      ),
      identity: identityPaths(directory),
      state,
    });
    const ini = parseIni(
      await Deno.readTextFile(join(state, "smp-server.ini")),
    );
    assert.deepEqual(ini.unreadable, []);
    const values = new Map(ini.entries.map(({ key, value }) => [key, value]));
    assert.equal(values.get("create_password"), "secret");
    assert.equal(values.get("expire_messages_days"), "2");
    assert.equal(values.get("port"), "5223,443");
    assert.equal(values.get("new_queues"), "off");
    assert.equal(values.get("source_code"), "https://example.org/source");
    assert.equal(values.get("server_country"), "DE");
    assert(!values.has("operator"));
  }));

Deno.test("an export overwrites nothing and needs a relay that is stopped", () =>
  inDirectory(async (root) => {
    const directory = await imported(root);
    const out = join(root, "out");
    {
      await using _store = await openSqliteStore({ dir: directory });
      await assert.rejects(
        exportFrom(directory, out),
        (error) => error instanceof StoreError && error.kind === "locked",
      );
    }
    await exportFrom(directory, out);
    await assert.rejects(exportFrom(directory, out), MigrateError);
    await assert.rejects(
      exportFrom(join(root, "nothing"), join(root, "x")),
      /There is no relay/,
    );
  }));

Deno.test("what the reference cannot read is left out, and said", () =>
  inDirectory(async (root) => {
    const directory = await imported(root);
    {
      await using store = await openSqliteStore({ dir: directory });
      const [fact] = facts("smp-memory").objects("queues");
      const queue = store.findQueue("sender", fact.bytes("senderId"));
      assert(queue);
      const { key } = queue;
      for (let i = 0; i < 129; i++) {
        store.write({
          type: "addMessage",
          key,
          meta: {
            seq: store.nextSeq(),
            id: crypto.getRandomValues(new Uint8Array(24)),
            time: 1,
            notification: false,
            quota: false,
          },
          body: new Uint8Array(i === 0 ? 0 : 10),
        });
      }
    }
    const report = await exportFrom(directory, join(root, "out"));
    assert.equal(report.messages, 15 + 128);
    assert.equal(report.findings.notes.length, 2);
    assert.match(report.findings.notes[0], /more than 128 messages/);
    assert.match(report.findings.notes[1], /A message is empty/);
  }));
