/**
 * The directory's SQLite file: descriptors, where relays stand, histories.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { bytesKey, keyBytes } from "../../relay/wire/mod.ts";
import { readVerifiedDescriptor } from "../descriptor/mod.ts";
import { History } from "./history.ts";
import { migrate } from "./migrations.ts";
import { type Failure, RelayRecord, STANDINGS } from "./record.ts";

/** What of a record has to be written. */
export interface Dirt {
  descriptor?: boolean;
  state?: boolean;
  history?: boolean;
}

/** Someone vouches for someone. */
export interface Invitation {
  /** Keys. */
  readonly guest: string;
  readonly inviter: string;
  /** Days since 1970. */
  readonly day: number;
}

/** Where another directory was left off. */
export interface PeerState {
  readonly cursor: string;
}

/** A row as SQLite gives it. All columns are `NOT NULL` and written here. */
interface Row {
  readonly fingerprint: Uint8Array;
  readonly descriptor: Uint8Array;
  readonly registered: number;
  readonly since: number;
  readonly standing: string;
  readonly standing_since: number;
  readonly request_sequence: number;
  readonly instances: string;
  readonly copied_at: number;
  readonly heard_at: number;
  readonly full: number;
  readonly leaves_at: number;
  readonly failure: string;
  readonly worked_at: number;
  readonly failing_since: number;
  readonly host: string;
  readonly history: Uint8Array | null;
}

/** Reads everything at the start; writes in batches. */
export class Database implements Disposable {
  readonly #database: DatabaseSync;
  readonly #descriptor: StatementSync;
  readonly #state: StatementSync;
  readonly #history: StatementSync;

  /** @throws {Error} of SQLite when the file cannot be used */
  constructor(path: string) {
    // SQLite gives its other files the same permissions.
    Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
    this.#database = new DatabaseSync(path);
    try {
      migrate(this.#database);
      this.#descriptor = this.#database.prepare(
        "INSERT INTO relays (fingerprint, descriptor, registered, since) VALUES (?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET descriptor = excluded.descriptor, registered = excluded.registered, since = excluded.since",
      );
      this.#state = this.#database.prepare(
        "INSERT OR REPLACE INTO states (fingerprint, standing, standing_since, request_sequence, instances, copied_at, heard_at, full, leaves_at, failure, worked_at, failing_since, host) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      );
      this.#history = this.#database.prepare(
        "INSERT OR REPLACE INTO histories (fingerprint, history) VALUES (?, ?)",
      );
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** All relays, in no order. Descriptors were checked when they came. */
  relays(): RelayRecord[] {
    const rows = this.#database.prepare(
      "SELECT * FROM relays JOIN states USING (fingerprint) LEFT JOIN histories USING (fingerprint)",
    ).iterate();
    const records: RelayRecord[] = [];
    for (const row of rows) {
      // The columns are those of the tables, which are strict.
      const record = recordOf(row as unknown as Row);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  invitations(): Invitation[] {
    return this.#database.prepare("SELECT * FROM invitations").all().map((
      row,
    ) => ({
      guest: bytesKey(bytesOf(row.guest)),
      inviter: bytesKey(bytesOf(row.inviter)),
      day: Number(row.day),
    }));
  }

  /** Fingerprints that are shut out, with or without a record: keys. */
  bans(): string[] {
    return this.#database.prepare("SELECT fingerprint FROM bans").all()
      .map((row) => bytesKey(bytesOf(row.fingerprint)));
  }

  peer(fingerprint: Uint8Array): PeerState | undefined {
    const row = this.#database.prepare(
      "SELECT cursor FROM peers WHERE fingerprint = ?",
    ).get(fingerprint);
    return row === undefined ? undefined : { cursor: String(row.cursor) };
  }

  savePeer(fingerprint: Uint8Array, { cursor }: PeerState): void {
    this.#database.prepare(
      "INSERT OR REPLACE INTO peers (fingerprint, cursor) VALUES (?, ?)",
    ).run(fingerprint, cursor);
  }

  saveInvitation({ guest, inviter, day }: Invitation): void {
    this.#database.prepare(
      "INSERT OR REPLACE INTO invitations (guest, inviter, day) VALUES (?, ?, ?)",
    ).run(keyBytes(guest), keyBytes(inviter), day);
  }

  saveBan(key: string, banned: boolean): void {
    this.#database.prepare(
      banned
        ? "INSERT OR REPLACE INTO bans (fingerprint) VALUES (?)"
        : "DELETE FROM bans WHERE fingerprint = ?",
    ).run(keyBytes(key));
  }

  /** Writes what has changed and forgets relays, all or nothing. */
  save(
    changed: ReadonlyMap<RelayRecord, Dirt>,
    forgotten: readonly RelayRecord[],
  ): void {
    this.#database.exec("BEGIN");
    try {
      for (const [record, dirt] of changed) this.#saveRecord(record, dirt);
      for (const { fingerprint } of forgotten) {
        for (const table of ["relays", "states", "histories"]) {
          this.#database.prepare(`DELETE FROM ${table} WHERE fingerprint = ?`)
            .run(fingerprint);
        }
        this.#database.prepare("DELETE FROM invitations WHERE guest = ?")
          .run(fingerprint);
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #saveRecord(record: RelayRecord, dirt: Dirt): void {
    const { fingerprint } = record;
    if (dirt.descriptor) {
      this.#descriptor.run(
        fingerprint,
        record.signed.bytes,
        record.registered ? 1 : 0,
        record.since,
      );
    }
    if (dirt.history) this.#history.run(fingerprint, record.history.bytes);
    if (!dirt.state) return;
    this.#state.run(
      fingerprint,
      record.standing,
      record.standingSince,
      record.requestSequence,
      [record.instance, ...record.pastInstances].join(" "),
      record.copiedAt,
      record.heardAt,
      record.full ? 1 : 0,
      record.leavesAt,
      record.failure === undefined ? "" : JSON.stringify(record.failure),
      record.workedAt,
      record.failingSince,
      record.host ?? "",
    );
  }
}

function recordOf(row: Row): RelayRecord | undefined {
  const signed = readVerifiedDescriptor(row.descriptor);
  if (signed === undefined) return undefined;
  const record = new RelayRecord({
    signed,
    since: row.since,
    registered: row.registered !== 0,
  });
  record.standing = STANDINGS.find((each) => each === row.standing) ?? "new";
  record.standingSince = row.standing_since;
  record.requestSequence = row.request_sequence;
  const [instance = "", ...past] = row.instances.split(" ");
  record.instance = instance;
  record.pastInstances = past;
  record.copiedAt = row.copied_at;
  record.heardAt = row.heard_at;
  record.full = row.full !== 0;
  record.leavesAt = row.leaves_at;
  record.failure = failureOf(row.failure);
  record.workedAt = row.worked_at;
  record.failingSince = row.failing_since;
  record.host = row.host === "" ? undefined : row.host;
  if (row.history !== null) record.history = new History(row.history);
  return record;
}

function failureOf(text: string): Failure | undefined {
  return text === "" ? undefined : JSON.parse(text);
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
