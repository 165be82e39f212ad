/**
 * Layouts of the store's database, measured on SQLite alone: page size, body
 * in the message's row or in a table of its own, deletions of a group before
 * or after its insertions, `secure_delete`, size of the group and of the WAL.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { bytesWritten, cpuTime } from "./store_measure.ts";

interface Layout {
  readonly page: number;
  readonly body: "in row" | "own table";
  /** Time of the message in the index of its queue or in one of its own. */
  readonly time: "with queue" | "own index";
  readonly deletes: "first" | "last";
  readonly secureDelete: "ON" | "OFF";
  /** Messages added, and messages deleted, in one transaction. */
  readonly group: number;
  readonly walMiB: number;
  readonly queues: number;
}

const CHOSEN: Layout = {
  page: 8192,
  body: "in row",
  time: "with queue",
  deletes: "first",
  secureDelete: "ON",
  group: 32,
  walMiB: 8,
  queues: 1000,
};

const PAGES = [4096, 8192, 16384, 32768];

const VARIANTS: readonly Partial<Layout>[] = [
  ...PAGES.map((page) => ({ page })),
  ...PAGES.map((page) => ({ page, group: 4 })),
  ...PAGES.map((page) => ({ page, group: 1 })),
  ...PAGES.map((page) => ({ page, queues: 100_000 })),
  ...PAGES.map((page) => ({ page, body: "own table" as const })),
  ...PAGES.map((page) => ({ page, time: "own index" as const })),
  { time: "own index", group: 1 },
  ...PAGES.map((page) => ({ page, deletes: "last" as const })),
  { secureDelete: "OFF" },
  { secureDelete: "OFF", deletes: "last" },
  { walMiB: 1 },
  { walMiB: 4 },
  { walMiB: 16 },
];

const MESSAGES = 4000;
const BODY_SIZE = 16_000;

/** Adds and deletes messages with each layout and prints what it took. */
export function benchLayouts(): void {
  console.log("\nLayouts; a message added and deleted, one thread:");
  console.table(VARIANTS.map((variant) => {
    const layout = { ...CHOSEN, ...variant };
    const dir = Deno.makeTempDirSync();
    using database = new DatabaseSync(join(dir, "layout.db"));
    const result = measureMessages(database, layout);
    Deno.removeSync(dir, { recursive: true });
    return { ...layout, ...result };
  }));
  console.log("\nA queue added, in groups of 1 and of 32:");
  console.table(PAGES.flatMap((page) =>
    [1, 32].map((group) => {
      const dir = Deno.makeTempDirSync();
      using database = new DatabaseSync(join(dir, "layout.db"));
      const result = measureQueues(database, { ...CHOSEN, page, group });
      Deno.removeSync(dir, { recursive: true });
      return { page, group, ...result };
    })
  ));
}

function prepare(database: DatabaseSync, layout: Layout): void {
  const pages = layout.walMiB * 1024 * 1024 / layout.page;
  database.exec(`PRAGMA page_size = ${layout.page};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ${layout.secureDelete};
    PRAGMA wal_autocheckpoint = ${pages};
    PRAGMA cache_size = -4096`);
}

function measure(count: number, work: () => void) {
  const [cpu, written, started] = [
    cpuTime(),
    bytesWritten(),
    performance.now(),
  ];
  work();
  return {
    "CPU µs": ((cpuTime() - cpu) / count).toFixed(1),
    "wall µs": ((performance.now() - started) * 1000 / count).toFixed(0),
    "KiB written": ((bytesWritten() - written) / 1024 / count).toFixed(1),
  };
}

function measureMessages(database: DatabaseSync, layout: Layout) {
  prepare(database, layout);
  const inRow = layout.body === "in row";
  database.exec(`CREATE TABLE messages (seq INTEGER PRIMARY KEY, queue INTEGER
      NOT NULL, id BLOB NOT NULL, time INTEGER NOT NULL, flags INTEGER NOT NULL
      ${inRow ? ", body BLOB" : ""}) STRICT;
    ${
    layout.time === "with queue"
      ? "CREATE INDEX messages_queue ON messages (queue, seq, time);"
      : `CREATE INDEX messages_queue ON messages (queue);
        CREATE INDEX messages_time ON messages (time);`
  }
    CREATE TABLE bodies (seq INTEGER PRIMARY KEY, body BLOB) STRICT`);
  const insert = database.prepare(
    `INSERT INTO messages VALUES (?, ?, ?, ?, 0${inRow ? ", ?" : ""})`,
  );
  const insertBody = database.prepare("INSERT INTO bodies VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM messages WHERE seq = ?");
  const removeBody = database.prepare("DELETE FROM bodies WHERE seq = ?");
  const body = randomBytes(BODY_SIZE);
  let seq = 0;
  function add(): number {
    const queue = Math.floor(Math.random() * layout.queues);
    const row = [++seq, queue, randomBytes(24), 1_700_000_000 + seq];
    if (inRow) {
      insert.run(...row, body);
    } else {
      insert.run(...row);
      insertBody.run(seq, body);
    }
    return seq;
  }
  function removeAll(seqs: readonly number[]): void {
    for (const seq of seqs) {
      remove.run(seq);
      if (!inRow) removeBody.run(seq);
    }
  }
  let previous: readonly number[] = [];
  function group(): void {
    database.exec("BEGIN IMMEDIATE");
    if (layout.deletes === "first") removeAll(previous);
    const added = Array.from({ length: layout.group }, add);
    if (layout.deletes === "last") removeAll(previous);
    database.exec("COMMIT");
    previous = added;
  }
  // Messages that wait for their recipients, and warm caches.
  database.exec("BEGIN");
  for (let i = 0; i < 2000; i++) add();
  database.exec("COMMIT");
  for (let i = 0; i < 1000; i += layout.group) group();
  return measure(MESSAGES, () => {
    for (let i = 0; i < MESSAGES; i += layout.group) group();
  });
}

function measureQueues(database: DatabaseSync, layout: Layout) {
  prepare(database, layout);
  database.exec(`CREATE TABLE queues (key INTEGER PRIMARY KEY,
      recipient_id BLOB, sender_id BLOB, keys BLOB, dh BLOB) STRICT;
    CREATE UNIQUE INDEX queues_recipient ON queues (recipient_id);
    CREATE UNIQUE INDEX queues_sender ON queues (sender_id)`);
  const insert = database.prepare(
    "INSERT INTO queues VALUES (NULL, ?, ?, ?, ?)",
  );
  const add = () =>
    insert.run(
      randomBytes(24),
      randomBytes(24),
      randomBytes(90),
      randomBytes(32),
    );
  database.exec("BEGIN");
  for (let i = 0; i < 20_000; i++) add();
  database.exec("COMMIT");
  const queues = 2048;
  return measure(queues, () => {
    for (let i = 0; i < queues; i += layout.group) {
      database.exec("BEGIN IMMEDIATE");
      for (let j = 0; j < layout.group; j++) add();
      database.exec("COMMIT");
    }
  });
}
