import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { readVectorFile, Vector } from "../../tests/vectors.ts";
import { generateAuthKeyPair, randomBytes, sha256 } from "../crypto/mod.ts";
import { createIdentity, loadIdentity } from "../identity/mod.ts";
import { FileTotals } from "../stats/mod.ts";
import { openSqliteStore, type Store, StoreError } from "../store/mod.ts";
import { textOf } from "./fields.ts";
import {
  type FileImportOptions,
  type FileImportReport,
  importFiles,
  importState,
  kindOfServer,
  MigrateError,
} from "./mod.ts";
import { inDirectory, makeUpServer } from "./testing.ts";

const recorded = new Vector(readVectorFile("reference_files.json.gz"));
const facts = recorded.object("facts").object("xftp").objects("files");

const INI = `[STORE_LOG]
enable = on
store_files = memory
expire_files_hours = 72
log_stats = on
[AUTH]
new_files = off
create_password = secret
[TRANSPORT]
host = files.example.org
port = 443
control_port = 5226
[FILES]
path = /srv/xftp
storage_quota = 20gb
[WEB]
static_path = /var/opt/www
`;

/** The recorded server in `old`, with an identity of its own. */
async function recordedServer(root: string): Promise<string> {
  const directory = join(root, "old");
  await createIdentity(directory);
  const files = recorded.get("files");
  assert(typeof files === "object" && files !== null);
  for (const [path, text] of Object.entries(files)) {
    if (!path.startsWith("xftp/")) continue;
    const target = join(directory, path.slice(5));
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeFile(target, Buffer.from(String(text), "latin1"));
  }
  await Deno.writeTextFile(join(directory, "file-server.ini"), INI);
  return directory;
}

function importInto(
  root: string,
  more: Partial<FileImportOptions> = {},
): Promise<FileImportReport> {
  const old = join(root, "old");
  const directory = join(root, "new");
  return importFiles({
    from: { state: old, config: old },
    directory,
    contents: join(directory, "files"),
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

Deno.test("a file server's state is taken over", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root);
    const from = { state: old, config: old };
    assert.equal(await kindOfServer(from), "files");
    const report = await importInto(root);
    assert.deepEqual(report.findings.problems, []);
    assert.equal(report.files, 3);
    assert.equal(report.uploaded, 2);
    assert.equal(report.bytes, 3072);
    assert.equal(report.recipients, 6);
    const { fingerprintText } = await loadIdentity(join(root, "new"));
    assert.equal(
      fingerprintText,
      (await loadIdentity(old)).fingerprintText,
    );
    const folder = join(root, "new", "files");
    await withStore(root, (store) => {
      for (const fact of facts) {
        const senderId = fact.bytes("senderId");
        const file = store.files.find(senderId);
        if (fact.text("state") === "deleted") {
          assert.equal(file, undefined);
          continue;
        }
        assert(file);
        assert.equal(file.size, Number(fact.get("size")));
        assert.deepEqual(file.digest, fact.bytes("digest"));
        const uploaded = fact.text("state").startsWith("uploaded");
        assert.equal(file.uploaded, uploaded);
        const path = join(folder, textOf(senderId));
        if (uploaded) {
          assert.deepEqual(
            new Uint8Array(Deno.readFileSync(path)),
            fact.bytes("content"),
          );
          assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
        }
        const ids = fact.get("recipientIds");
        assert(Array.isArray(ids));
        const second = fact.text("name") === "file3" ? 1 : -1;
        for (const [index, id] of ids.entries()) {
          const recipient = store.files.findRecipient(
            Uint8Array.fromHex(String(id)),
          );
          if (index === second) assert.equal(recipient, undefined);
          else assert.deepEqual(recipient?.file.senderId, senderId);
        }
      }
    });
    assert.deepEqual(names(folder).length, 2);
    const config = loadConfig({
      path: join(root, "new", "porchlight.toml"),
      env: { HOME: root },
    });
    assert.equal(config.xftp.enabled, true);
    assert.equal(config.xftp.storageQuotaBytes, 20 * 1024 ** 3);
    assert.equal(config.xftp.fileExpirySeconds, 72 * 3600);
    assert.equal(config.xftp.newFiles, false);
    assert.equal(config.xftp.createPassword, "secret");
    assert.deepEqual(config.listen.ports, [443]);
    assert.deepEqual(config.address.hosts, ["files.example.org"]);
    assert.deepEqual(
      report.leftSettings.map(({ entry }) => entry.key),
      ["control_port", "static_path"],
    );
    const totals = new FileTotals();
    const kept = join(root, "new", "stats-files.json");
    assert(totals.restore(await Deno.readTextFile(kept)));
    assert.equal(totals.snapshot().filesCreated, 4);
    assert.equal(totals.snapshot().fileRecipients, 8);
    assert.equal(totals.snapshot().fileDownloadAcks, 1);
    assert.equal(new Date(totals.since).getUTCFullYear(), 2026);
  }));

Deno.test("a rehearsal counts the same and writes nothing", () =>
  inDirectory(async (root) => {
    await recordedServer(root);
    const rehearsed = await importInto(root, { dryRun: true });
    await assert.rejects(Deno.stat(join(root, "new")), Deno.errors.NotFound);
    const done = await importInto(root);
    assert.deepEqual(
      { ...rehearsed, findings: undefined },
      { ...done, findings: undefined },
    );
  }));

Deno.test("a second import changes nothing, and brings what was missing", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root);
    const [, fact] = facts.filter((each) =>
      each.text("state").startsWith("uploaded")
    );
    const name = textOf(fact.bytes("senderId"));
    const content = join(old, "files", name);
    await Deno.rename(content, join(root, "elsewhere"));
    const first = await importInto(root);
    assert.equal(first.uploaded, 1);
    assert.match(first.findings.problems[0].text, /content .* is not there/);

    await Deno.mkdir(join(root, "moved"));
    await Deno.rename(join(root, "elsewhere"), join(root, "moved", name));
    for (const _ of [1, 2]) {
      const again = await importInto(root, {
        filesDirectory: join(root, "moved"),
      });
      assert.equal(again.files, 0);
      assert.equal(again.known, 3);
      assert.equal(again.tookIdentity, false);
    }
    await withStore(root, (store) => {
      assert.equal(store.files.find(fact.bytes("senderId"))?.uploaded, true);
      assert.equal(store.files.counts().files, 3);
    });
    assert.equal(names(join(root, "new", "files")).length, 2);
  }));

Deno.test("damaged lines and contents are told; the rest is taken", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root);
    const log = join(old, "file-server-store.log");
    const text = await Deno.readTextFile(log);
    const [first, ...rest] = text.trimEnd().split("\n");
    await Deno.writeTextFile(
      log,
      [first, "FNEW nonsense", `FADD ${"A".repeat(17_000_000)}`, ...rest]
        .join("\n"),
    );
    const contents = facts.filter((fact) =>
      fact.text("state").startsWith("uploaded")
    ).map((fact) => join(old, "files", textOf(fact.bytes("senderId"))));
    const bytes = await Deno.readFile(contents[0]);
    bytes[500] ^= 1;
    await Deno.writeFile(contents[0], bytes);
    await Deno.truncate(contents[1], 100);
    const { findings, files, uploaded } = await importInto(root);
    assert.equal(files, 3);
    assert.equal(uploaded, 0);
    const told = findings.problems.map(({ line, text }) => `${line}: ${text}`);
    assert.deepEqual(told, [
      "2: the ID is not of a file",
      "3: it is too long to be a record",
      "16: the last line was not written to its end",
      "8: the content of its file has another size",
      "1: the content of its file is damaged",
    ]);
    // Nothing of a content that cannot be trusted is left.
    assert.deepEqual(names(join(root, "new", "files")), []);
  }));

Deno.test("an import that was cut short goes on; strange leftovers are replaced", () =>
  inDirectory(async (root) => {
    await recordedServer(root);
    const folder = join(root, "new", "files");
    await Deno.mkdir(folder, { recursive: true });
    const [one, two] = facts.filter((fact) =>
      fact.text("state").startsWith("uploaded")
    );
    const pathOf = (fact: Vector) =>
      join(folder, textOf(fact.bytes("senderId")));
    await Deno.writeFile(pathOf(one), one.bytes("content"));
    const before = await Deno.stat(pathOf(one));
    await Deno.writeFile(pathOf(two), new Uint8Array(Number(two.get("size"))));
    await Deno.mkdir(join(root, "new", ".import"));
    const report = await importInto(root);
    assert.equal(report.uploaded, 2);
    assert.deepEqual(
      new Uint8Array(await Deno.readFile(pathOf(two))),
      two.bytes("content"),
    );
    assert.equal((await Deno.stat(pathOf(one))).ino, before.ino);
    assert(!names(join(root, "new")).includes(".import"));
  }));

Deno.test("files do not go into a relay with another address", () =>
  inDirectory(async (root) => {
    await recordedServer(root);
    const directory = join(root, "new");
    await createIdentity(directory);
    const before = (await loadIdentity(directory)).fingerprintText;
    for (const dryRun of [true, false]) {
      await assert.rejects(importInto(root, { dryRun }), (error) => {
        assert(error instanceof MigrateError);
        assert.match(error.message, /another identity.*--data DIRECTORY/s);
        return true;
      });
    }
    assert.equal((await loadIdentity(directory)).fingerprintText, before);
    assert(!names(directory).includes("files"));
  }));

Deno.test("files join the messages of a server with the same identity", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root);
    const both = join(root, "messages");
    await makeUpServer(both, {
      queues: 3,
      messages: 2,
      bodySize: 10,
      store: "log",
    });
    for (
      const name of [
        "ca.crt",
        "ca.key",
        "server.crt",
        "server.key",
        "fingerprint",
      ]
    ) {
      await Deno.copyFile(join(both, name), join(old, name));
    }
    const directory = join(root, "new");
    const settings = join(directory, "porchlight.toml");
    await importState({
      from: { state: both, config: both },
      directory,
      settingsFile: settings,
    });
    const report = await importInto(root);
    assert.equal(report.files, 3);
    assert.equal(report.tookIdentity, false);
    await withStore(root, (store) => {
      assert.equal(store.counts().queues, 3);
      assert.equal(store.counts().messages, 6);
      assert.equal(store.files.counts().uploaded, 2);
    });
    // The other way round, files are something that is there.
    await assert.rejects(
      importState({
        from: { state: both, config: both },
        directory,
        settingsFile: settings,
      }),
      /queues or files already/,
    );
  }));

Deno.test("a relay that runs is left alone", () =>
  inDirectory(async (root) => {
    await recordedServer(root);
    await Deno.mkdir(join(root, "new"));
    await withStore(root, async () => {
      await assert.rejects(
        importInto(root),
        (error) => error instanceof StoreError && error.kind === "locked",
      );
    });
    assert(!names(join(root, "new")).includes("files"));
  }));

Deno.test("a file with many recipients", () =>
  inDirectory(async (root) => {
    const old = await recordedServer(root);
    const key = textOf(generateAuthKeyPair("ed25519").publicKey.spki);
    const id = textOf(randomBytes(16));
    const ids = Array.from({ length: 2500 }, () => randomBytes(16));
    const recipients = ids.map((id) => `${textOf(id)}:${key}`);
    const digest = textOf(sha256(new Uint8Array(1)));
    await Deno.writeTextFile(
      join(old, "file-server-store.log"),
      `FNEW ${id} ${key} 65536 ${digest} 1743336000 active\n` +
        `FADD ${id} ${recipients.join(",")}\n`,
    );
    const report = await importInto(root);
    assert.deepEqual(report.findings.problems, []);
    assert.equal(report.recipients, 2500);
    await withStore(root, (store) => {
      for (const id of ids) assert(store.files.findRecipient(id));
    });
  }));
