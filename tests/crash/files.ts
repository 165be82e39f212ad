/**
 * What the relay's directory may hold, and whether its database is sound.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../relay/store/mod.ts";
import { Fault } from "./fault.ts";

const WAL = `${STORE_FILE}-wal`;
const SHM = `${STORE_FILE}-shm`;

/** What stays when the relay has stopped. */
const LASTING = new Set([
  STORE_FILE,
  "relay.lock",
  "ca.crt",
  "ca.key",
  "server.crt",
  "server.key",
  "fingerprint",
]);

/** Written now and then, and when the relay stops; the directory is for files. */
const WRITTEN = ["statistics.json", "statistics-files.json", "files"];

/**
 * Checks that nothing lies about in the directory of a relay.
 *
 * @throws {Fault} naming what should not be there, or should
 */
export function checkFiles(
  directory: string,
  { running }: { readonly running: boolean },
): void {
  const names = new Set([...Deno.readDirSync(directory)].map((e) => e.name));
  const allowed = new Set([...LASTING, ...WRITTEN]);
  if (running) allowed.add(WAL).add(SHM);
  const left = names.difference(allowed);
  if (left.size > 0) throw new Fault(`left behind: ${[...left].join(", ")}`);
  const missing = LASTING.difference(names);
  if (missing.size > 0) throw new Fault(`missing: ${[...missing].join(", ")}`);
}

/**
 * Runs SQLite's own check on a copy of the dead relay's database, so that the
 * relay still has to recover by itself.
 *
 * @throws {Fault} when the database is damaged
 */
export function checkDatabase(directory: string): void {
  const copy = Deno.makeTempDirSync({ prefix: "porchlight-crash-check-" });
  try {
    for (const name of [STORE_FILE, WAL]) {
      try {
        Deno.copyFileSync(join(directory, name), join(copy, name));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    using database = new DatabaseSync(join(copy, STORE_FILE));
    const rows = database.prepare("PRAGMA integrity_check").all();
    const verdict = rows.map((row) => String(row.integrity_check)).join("; ");
    if (verdict !== "ok") {
      throw new Fault(`the database is damaged: ${verdict}`);
    }
  } finally {
    Deno.removeSync(copy, { recursive: true });
  }
}
