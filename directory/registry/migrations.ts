/**
 * Layout of the directory's database.
 *
 * What changes often is apart from what is long: a heartbeat writes a short
 * row, a probe one of fixed size, so the file does not grow with time.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";

/** Step n (from 1) makes `user_version` n; a released step never changes. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE relays (
    fingerprint BLOB NOT NULL PRIMARY KEY,
    descriptor BLOB NOT NULL,
    registered INTEGER NOT NULL,
    since INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE states (
    fingerprint BLOB NOT NULL PRIMARY KEY,
    standing TEXT NOT NULL,
    standing_since INTEGER NOT NULL,
    request_sequence INTEGER NOT NULL,
    instances TEXT NOT NULL,
    copied_at INTEGER NOT NULL,
    heard_at INTEGER NOT NULL,
    full INTEGER NOT NULL,
    leaves_at INTEGER NOT NULL,
    failure TEXT NOT NULL,
    worked_at INTEGER NOT NULL,
    failing_since INTEGER NOT NULL,
    host TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE histories (
    fingerprint BLOB NOT NULL PRIMARY KEY,
    history BLOB NOT NULL
  ) STRICT;
  CREATE TABLE invitations (
    guest BLOB NOT NULL,
    inviter BLOB NOT NULL,
    day INTEGER NOT NULL,
    PRIMARY KEY (guest, inviter)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE bans (fingerprint BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE peers (
    fingerprint BLOB NOT NULL PRIMARY KEY,
    cursor TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;`,
];

/**
 * Brings a database up to date.
 *
 * @throws {Error} when a later version of Porchlight has written it
 */
export function migrate(database: DatabaseSync): void {
  // What a power cut can take are the last minutes, which relays tell again.
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA journal_size_limit = 16777216;",
  );
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new Error(
      "A later version of Porchlight has written the directory of this core. Install that version again.",
    );
  }
  for (let step = version; step < MIGRATIONS.length; step++) {
    database.exec(
      `BEGIN; ${MIGRATIONS[step]} PRAGMA user_version = ${step + 1}; COMMIT;`,
    );
  }
}
