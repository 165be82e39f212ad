/**
 * Layout of the database of leases.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";

/** Step n (from 1) makes `user_version` n; a released step never changes. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE leases (
    fingerprint BLOB NOT NULL PRIMARY KEY,
    label TEXT NOT NULL UNIQUE,
    port INTEGER NOT NULL UNIQUE,
    banned INTEGER NOT NULL,
    since_day INTEGER NOT NULL,
    seen_day INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`,
];

/**
 * Brings a database up to date.
 *
 * @throws {Error} when a later version of Porchlight has written it
 */
export function migrate(database: DatabaseSync): void {
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;",
  );
  const row = database.prepare("PRAGMA user_version").get();
  const version = Number(row?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new Error(
      "A later version of Porchlight has written the leases of this core. Install that version again.",
    );
  }
  for (let step = version; step < MIGRATIONS.length; step++) {
    database.exec(
      `BEGIN; ${MIGRATIONS[step]} PRAGMA user_version = ${step + 1}; COMMIT;`,
    );
  }
}
