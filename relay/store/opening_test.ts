import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "./migrations/mod.ts";
import { openSqliteStore, STORE_FILE, StoreError } from "./mod.ts";
import { addMessage, addQueue } from "./testing/records.ts";
import { PAGE_SIZE } from "./writer_database.ts";

/** Runs `test` with a folder that is removed afterwards. */
async function withDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await test(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** The `StoreError` with which opening fails. */
async function openingError(dir: string): Promise<StoreError> {
  try {
    await using _store = await openSqliteStore({ dir });
  } catch (error) {
    assert(error instanceof StoreError);
    return error;
  }
  throw new assert.AssertionError({ message: "The store opened." });
}

function mode(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}

Deno.test("an empty folder becomes a store that only its owner can read", () =>
  withDir(async (parent) => {
    const dir = join(parent, "deep", "store");
    await using store = await openSqliteStore({ dir });
    addQueue(store);
    await store.flush();
    assert.equal(mode(dir), 0o700);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    assert.deepEqual(names, [
      "relay.db",
      "relay.db-shm",
      "relay.db-wal",
      "relay.lock",
    ]);
    for (const name of names) assert.equal(mode(join(dir, name)), 0o600, name);
    await store.stop();
    const left = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["relay.db", "relay.lock"]);
    using database = new DatabaseSync(join(dir, STORE_FILE));
    assert.equal(
      database.prepare("PRAGMA user_version").get()?.user_version,
      MIGRATIONS.length,
    );
  }));

Deno.test("every step of the migrations keeps what the steps before it made", () =>
  withDir(async (parent) => {
    for (let version = 0; version <= MIGRATIONS.length; version++) {
      const dir = join(parent, `${version}`);
      Deno.mkdirSync(dir);
      const database = new DatabaseSync(join(dir, STORE_FILE));
      for (const sql of MIGRATIONS.slice(0, version)) database.exec(sql);
      database.exec(`PRAGMA user_version = ${version}`);
      if (version >= 1) {
        database.exec(`UPDATE reserved SET queue_key = 5, seq = 6;
          INSERT INTO queues (key, recipient_id, sender_id, recipient_keys,
            recipient_dh_secret, status)
          VALUES (5, x'01', x'02', x'000103', x'04', 'active')`);
      }
      database.close();
      await using store = await openSqliteStore({ dir });
      if (version === 0) continue;
      assert.deepEqual(store.findQueue("sender", new Uint8Array([2])), {
        key: 5,
        record: {
          recipientId: new Uint8Array([1]),
          senderId: new Uint8Array([2]),
          recipientKeys: [new Uint8Array([3])],
          recipientDhSecret: new Uint8Array([4]),
          status: { type: "active" },
        },
      });
      assert(store.nextQueueKey() > 5 && store.nextSeq() > 6);
    }
  }));

Deno.test("a database of a newer version is left alone", () =>
  withDir(async (dir) => {
    const path = join(dir, STORE_FILE);
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE future (a); PRAGMA user_version = 9999");
    database.close();
    const before = Deno.readFileSync(path);
    const error = await openingError(dir);
    assert.equal(error.kind, "version");
    assert.match(error.message, /newer version of Porchlight/);
    assert.deepEqual(Deno.readFileSync(path), before);
  }));

Deno.test("two relays cannot use the same folder", () =>
  withDir(async (dir) => {
    {
      await using store = await openSqliteStore({ dir });
      const error = await openingError(dir);
      assert.equal(error.kind, "locked");
      assert.match(error.message, /in use by another program/);
      // The first one is not disturbed.
      addQueue(store);
      await store.write({ type: "deleteMessages", seqs: [] }).committed;
    }
    await using _again = await openSqliteStore({ dir });
  }));

Deno.test("a database that another program keeps locked is locked", () =>
  withDir(async (dir) => {
    await (await openSqliteStore({ dir })).stop();
    using database = new DatabaseSync(join(dir, STORE_FILE));
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    assert.equal((await openingError(dir)).kind, "locked");
  }));

Deno.test("a file that is no database is corrupt, and kept", () =>
  withDir(async (dir) => {
    const path = join(dir, STORE_FILE);
    const garbage = new Uint8Array(20_000).fill(0x5a);
    Deno.writeFileSync(path, garbage);
    const error = await openingError(dir);
    assert.equal(error.kind, "corrupt");
    assert(error.cause instanceof Error);
    assert.match(error.message, /restore a backup/);
    assert.deepEqual(Deno.readFileSync(path), garbage);
  }));

Deno.test("reading damaged pages is corrupt", () =>
  withDir(async (dir) => {
    const ids: Uint8Array[] = [];
    {
      await using store = await openSqliteStore({ dir });
      for (let i = 0; i < 200; i++) {
        const { key, record } = addQueue(store);
        addMessage(store, key);
        ids.push(record.recipientId);
      }
    }
    {
      using file = Deno.openSync(join(dir, STORE_FILE), { write: true });
      const { size } = file.statSync();
      // The first page (the schema) and the page of `reserved` stay whole.
      const pages = size / PAGE_SIZE;
      const database = new DatabaseSync(join(dir, STORE_FILE));
      const kept = new Set(
        database.prepare(
          "SELECT rootpage FROM sqlite_schema WHERE name = 'reserved'",
        ).all().map((row) => Number(row.rootpage)),
      );
      database.close();
      for (let page = 2; page <= pages; page++) {
        if (kept.has(page)) continue;
        file.seekSync((page - 1) * PAGE_SIZE, Deno.SeekMode.Start);
        file.writeSync(new Uint8Array(PAGE_SIZE).fill(0xee));
      }
    }
    await using store = await openSqliteStore({ dir });
    assert.throws(
      () => store.findQueue("recipient", ids[0]),
      (error) => error instanceof StoreError && error.kind === "corrupt",
    );
  }));

Deno.test("a folder that cannot be made is an io error", () =>
  withDir(async (dir) => {
    Deno.writeTextFileSync(join(dir, "file"), "");
    const error = await openingError(join(dir, "file", "store"));
    assert.equal(error.kind, "io");
  }));
