import assert from "node:assert/strict";
import { join } from "node:path";
import { configTemplate, loadConfig } from "../../config/mod.ts";
import { createIdentity, loadIdentity } from "../identity/mod.ts";
import { Statistics } from "../stats/mod.ts";
import {
  listQueues,
  listServices,
  openSqliteStore,
  type Store,
  STORE_FILE,
  StoreError,
} from "../store/mod.ts";
import { type ImportReport, importState, MigrateError } from "./mod.ts";
import {
  facts,
  inDirectory,
  makeUpServer,
  recordedText,
  writeRecorded,
} from "./testing.ts";

const INI = `[STORE_LOG]
enable = on
log_stats = on
`;

/** A recorded server in `old`, with an identity of its own. */
async function recordedServer(root: string, name: string, ini = INI) {
  const directory = join(root, "old");
  await createIdentity(directory);
  writeRecorded(name, directory);
  await Deno.writeTextFile(join(directory, "smp-server.ini"), ini);
  return directory;
}

function importInto(
  root: string,
  more: Partial<Parameters<typeof importState>[0]> = {},
): Promise<ImportReport> {
  const old = join(root, "old");
  const directory = join(root, "new");
  return importState({
    from: { state: old, config: old },
    directory,
    settingsFile: join(directory, "porchlight.toml"),
    ...more,
  });
}

async function withStore(
  root: string,
  look: (store: Store) => void | Promise<void>,
): Promise<void> {
  await using store = await openSqliteStore({ dir: join(root, "new") });
  await look(store);
}

function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

for (const name of ["smp-memory", "smp-journal"]) {
  Deno.test(`a server's state is taken over: ${name}`, () =>
    inDirectory(async (root) => {
      const old = await recordedServer(root, name);
      const report = await importInto(root);
      assert.deepEqual(report.findings.problems, []);
      assert.equal(report.queues, 10);
      assert.equal(report.services, 1);
      assert.equal(report.notifications, 2);
      const identity = await loadIdentity(join(root, "new"));
      assert.equal(
        identity.fingerprintText,
        (await loadIdentity(old)).fingerprintText,
      );
      await withStore(root, (store) => {
        for (const fact of facts(name).objects("queues")) {
          const queue = store.findQueue("sender", fact.bytes("senderId"));
          if (fact.text("name") === "deleted") {
            assert.equal(queue, undefined);
            continue;
          }
          assert(queue);
          const { key, record } = queue;
          assert.deepEqual(
            record.recipientDhSecret,
            fact.bytes("dhSecret"),
          );
          assert.equal(record.mode, fact.text("queueMode"));
          if (fact.has("userData")) {
            assert.deepEqual(record.link?.id, fact.bytes("linkId"));
            assert.deepEqual(record.link.user, fact.bytes("userData"));
          }
          if (fact.text("name") === "service") {
            const id = fact.bytes("serviceId");
            assert.deepEqual(record.recipientServiceId, id);
            const service = store.findService("id", id);
            assert.deepEqual(
              service?.certificateHash,
              fact.bytes("serviceCertHash"),
            );
          }
          if (fact.text("name") === "notifier") {
            assert.deepEqual(record.notifier?.id, fact.bytes("notifierId"));
            assert.deepEqual(
              store.notifications(key).map(({ seq }) => seq),
              store.messages(key).map(({ seq }) => seq),
            );
          }
          if (fact.text("name") === "blocked") {
            assert.equal(record.status.type, "blocked");
            assert.equal(store.messages(key).length, 1);
            continue;
          }
          const stored = fact.objects("stored");
          assert.deepEqual(
            store.messages(key).map(({ id, time, quota, seq }) => ({
              id: id.toHex(),
              time,
              body: quota ? "quota" : store.messageBody(seq)?.toHex(),
            })),
            stored.map((message) => ({
              id: message.text("msgId"),
              time: message.number("timestamp"),
              body: message.has("quota")
                ? "quota"
                : message.bytes("body").toHex(),
            })),
          );
        }
      });
      const statistics = new Statistics();
      const text = Deno.readTextFileSync(join(root, "new", "stats.json"));
      assert(statistics.restore(text));
      assert.equal(statistics.counters.get("msgSent"), 22);
      assert.equal(
        statistics.since,
        Date.parse(
          "2026-11-20T10:08:4" +
            (name === "smp-memory" ? "5.921Z" : "7.533Z"),
        ),
      );
      assert.deepEqual(
        names(join(root, "new")).filter((name) => name.startsWith(".")),
        [],
      );
    }));
}

Deno.test("bad lines and torn ends are reported and the rest is taken", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root, "smp-memory");
    const damage = (name: string, change: (lines: string[]) => string) => {
      const path = join(old, name);
      const lines = Deno.readTextFileSync(path).split("\n");
      Deno.writeTextFileSync(path, change(lines));
    };
    damage(
      "smp-server-store.log",
      (lines) =>
        [lines[0], "GARBAGE", ...lines.slice(1, -1), lines[0].slice(0, 300)]
          .join("\n"),
    );
    damage("smp-server-messages.log", (lines) =>
      [
        lines[0],
        lines[1].replace(" flags", " flag"),
        ...lines.slice(2, -1),
        lines[0].replace(/^v3 ..../, "v3 AAAA"),
        "x".repeat(200_000),
        lines[0].slice(0, 90),
      ].join("\n"));
    damage("smp-server-ntfs.log", (lines) => `${lines[0]}\nv9 what\n`);
    const report = await importInto(root);
    assert.equal(report.queues, 10);
    assert.equal(report.messages, 14);
    assert.equal(report.notifications, 1);
    assert.deepEqual(
      report.findings.problems.map(({ file, line }) => [file, line]),
      [
        ["smp-server-store.log", 2],
        ["smp-server-store.log", 20],
        ["smp-server-ntfs.log", 2],
        ["smp-server-messages.log", 2],
        ["smp-server-messages.log", 16],
        ["smp-server-messages.log", 17],
        ["smp-server-messages.log", 18],
      ],
    );
    const texts = report.findings.problems.map(({ text }) => text);
    assert.equal(texts[1], "the last line was not written to its end");
    assert.equal(texts[4], "it is a message for a queue that there is not");
    assert.equal(texts[5], "it is too long to be a record");
    // Nothing that names a queue.
    assert(!texts.some((text) => /[\w-]{24}/.test(text)), texts.join("\n"));
  }));

Deno.test("an interrupted start of the server: the log it had before counts", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root, "smp-memory");
    const log = join(old, "smp-server-store.log");
    await Deno.rename(log, `${log}.start`);
    await Deno.writeTextFile(log, "");
    const report = await importInto(root);
    assert.equal(report.queues, 10);
    assert.match(report.findings.notes.join(), /smp-server-store\.log\.start/);
  }));

Deno.test("an identity or queues that are there are left alone unless asked", () =>
  inDirectory(async (root) => {
    await recordedServer(root, "smp-memory");
    const directory = join(root, "new");
    const own = await createIdentity(directory);
    await assert.rejects(importInto(root), MigrateError);
    assert.equal(
      (await loadIdentity(directory)).fingerprintText,
      own.fingerprintText,
    );
    assert(!names(directory).includes(STORE_FILE));

    const first = await importInto(root, { intoExisting: true });
    assert.equal(first.queues, 10);
    assert.equal(first.oldIdentity, join(directory, "before-import"));
    assert.equal(
      (await loadIdentity(first.oldIdentity ?? "")).fingerprintText,
      own.fingerprintText,
    );
    await assert.rejects(importInto(root), MigrateError);

    const key = recordedText("store-all-records.log").split("\n")[2];
    await Deno.writeTextFile(
      join(root, "old", "smp-server-store.log"),
      `${key}\n`,
      { append: true },
    );
    const again = await importInto(root, { intoExisting: true });
    assert.deepEqual(
      [again.queues, again.known, again.messages, again.services],
      [1, 10, 0, 0],
    );
    assert.equal(again.tookIdentity, false);
    await withStore(root, (store) => {
      assert.equal(store.counts().queues, 11);
      assert.equal(store.counts().messages, 15);
    });
    const database = join(directory, STORE_FILE);
    assert.equal([...listQueues(database)].length, 11);
    assert.equal([...listServices(database)].length, 1);
  }));

Deno.test("the relay's own settings are not overwritten", () =>
  inDirectory(async (root) => {
    await recordedServer(root, "smp-memory", "[AUTH]\nnew_queues: off\n");
    const directory = join(root, "new");
    await Deno.mkdir(directory);
    const path = join(directory, "porchlight.toml");
    await Deno.writeTextFile(path, '[log]\nlevel = "warn"\n');
    const report = await importInto(root);
    assert.equal(await Deno.readTextFile(path), '[log]\nlevel = "warn"\n');
    const imported = join(directory, "porchlight.imported.toml");
    assert.equal(report.wroteSettings, imported);
    const config = loadConfig({ path: imported, env: { HOME: "/" } });
    assert.equal(config.smp.newQueues, false);

    await Deno.writeTextFile(path, configTemplate());
    const second = await importInto(root, { intoExisting: true });
    assert.equal(second.wroteSettings, path);
  }));

Deno.test("a dry run says the same and leaves nothing", () =>
  inDirectory(async (root) => {
    await recordedServer(root, "smp-journal-torn");
    const dry = await importInto(root, { dryRun: true });
    assert.deepEqual(names(root), ["old"]);
    const real = await importInto(root);
    assert.deepEqual(dry, real);
    assert.equal(real.messages, 13);
    assert.equal(real.findings.problemCount, 1);
  }));

Deno.test("no import into a relay that runs", () =>
  inDirectory(async (root) => {
    await recordedServer(root, "smp-memory");
    await withStore(root, async () => {
      await assert.rejects(
        importInto(root),
        (error) => error instanceof StoreError && error.kind === "locked",
      );
    });
  }));

Deno.test("messages come from where the server keeps them", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root, "smp-memory", "[TRANSPORT]\n");
    await Deno.mkdir(join(old, "messages"));
    await assert.rejects(importInto(root), /one of them is out of date/);
    const ini = join(old, "smp-server.ini");
    for (
      const [settings, messages] of [
        ["store_messages: memory", 15],
        ["store_messages = journal", 0],
        ["store_messages = memory\nrestore_messages = off", 0],
      ] as const
    ) {
      await Deno.writeTextFile(ini, `[STORE_LOG]\n${settings}\n`);
      const report = await importInto(root, { dryRun: true });
      assert.equal(report.messages, messages, settings);
    }
    await Deno.writeTextFile(ini, "[STORE_LOG]\nstore_queues = database\n");
    await Deno.remove(join(old, "smp-server-store.log"));
    await assert.rejects(importInto(root), /smp-server database export/);
  }));

Deno.test("an import that was cut short is started over", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root, "smp-memory");
    const directory = join(root, "new");
    await importInto(root);
    // As it is when the power goes between database and identity.
    const { fingerprintText } = await loadIdentity(old);
    for (const name of names(directory)) {
      if (name !== STORE_FILE) await Deno.remove(join(directory, name));
    }
    const marker = join(directory, ".import-unfinished");
    await Deno.writeTextFile(marker, `${fingerprintText}\n`);
    await Deno.mkdir(join(directory, ".import"));
    await Deno.writeTextFile(join(directory, ".import", STORE_FILE), "half");
    const report = await importInto(root);
    assert.deepEqual([report.queues, report.known], [10, 0]);
    assert(!names(directory).some((name) => name.startsWith(".")));

    // With the server's identity in place the relay may have run since.
    await Deno.writeTextFile(marker, `${fingerprintText}\n`);
    await assert.rejects(importInto(root), MigrateError);
  }));

for (const [store, queues] of [["log", 10_000], ["journal", 1000]] as const) {
  Deno.test(`${queues} queues with messages in ten seconds: ${store}`, () =>
    inDirectory(async (root) => {
      const old = join(root, "old");
      await makeUpServer(old, { queues, messages: 2, bodySize: 1000, store });
      const before = performance.now();
      const report = await importInto(root);
      const seconds = (performance.now() - before) / 1000;
      assert.deepEqual([report.queues, report.messages], [queues, 2 * queues]);
      assert(seconds < 10, `It took ${seconds.toFixed(1)} s`);
    }));
}
