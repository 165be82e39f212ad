/**
 * Leases in a SQLite file of their own.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { equalBytes } from "../../relay/wire/mod.ts";
import { generatedLabel, wishedLabel } from "./labels.ts";
import type { LeaseBook, LeaseRecord, LeaseWish, Standing } from "./lease.ts";
import { migrate } from "./migrations.ts";

const DAY_MS = 86_400_000;
/** Days of absence after which a label and a port are given again. */
const ABSENT_DAYS = 365;
/** Days after which a relay is known. */
const NEW_DAYS = 30;
/** Tries to find a free port by chance before they are gone through in order. */
const RANDOM_TRIES = 20;

/** Options of {@link SqliteLeaseBook}. */
export interface LeaseBookOptions {
  /** The file; made where there is none. */
  readonly path: string;
  /** Ports to give, both included. */
  readonly ports: { readonly first: number; readonly last: number };
  /** Whether strangers get leases: without, or only with this invitation. */
  readonly open: boolean;
  readonly invitation: string | undefined;
  /** A lease has ended because its relay was away for a year. */
  readonly onExpired: (lease: LeaseRecord) => void;
  /** The standing of a lease has changed. */
  readonly onChanged?: (lease: LeaseRecord) => void;
  /** Days since 1970, for tests. */
  readonly today?: () => number;
}

/**
 * A row as SQLite gives it. All columns are `NOT NULL` and written here.
 */
interface Row {
  readonly fingerprint: Uint8Array;
  readonly label: string;
  readonly port: number;
  readonly banned: number;
  readonly since_day: number;
  readonly seen_day: number;
}

/** Leases, in memory for reading and on disk before they are told. */
export class SqliteLeaseBook implements LeaseBook, Disposable {
  readonly #options: LeaseBookOptions;
  readonly #database: DatabaseSync;
  readonly #leases = new Map<string, LeaseRecord>();
  readonly #byLabel = new Map<string, LeaseRecord>();
  readonly #byPort = new Map<number, LeaseRecord>();

  /** @throws {Error} of SQLite when the file cannot be used */
  constructor(options: LeaseBookOptions) {
    this.#options = options;
    // SQLite gives its other files the same permissions.
    Deno.openSync(options.path, { write: true, create: true, mode: 0o600 })
      .close();
    this.#database = new DatabaseSync(options.path);
    try {
      migrate(this.#database);
      for (const row of this.#rows()) this.#remember(this.#recordOf(row));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  list(): LeaseRecord[] {
    return [...this.#leases.values()];
  }

  find(fingerprint: Uint8Array): LeaseRecord | undefined {
    return this.#leases.get(keyOf(fingerprint));
  }

  make(
    fingerprint: Uint8Array,
    wish: LeaseWish,
  ): LeaseRecord | "full" | "closed" {
    const known = this.find(fingerprint);
    if (known !== undefined) return known;
    if (!this.#admits(wish.invitation)) return "closed";
    this.#expire();
    const port = this.#freePort(wish.port);
    if (port === undefined) return "full";
    const today = this.#today();
    const lease: LeaseRecord = {
      fingerprint: fingerprint.slice(),
      label: this.#freeLabel(fingerprint, wish.label),
      port,
      standing: "new",
      sinceDay: today,
      seenDay: today,
    };
    this.#database.prepare(
      "INSERT INTO leases (fingerprint, label, port, banned, since_day, seen_day) VALUES (?, ?, ?, 0, ?, ?)",
    ).run(lease.fingerprint, lease.label, port, today, today);
    this.#remember(lease);
    return lease;
  }

  seen(fingerprints: Iterable<Uint8Array>): void {
    const today = this.#today();
    const leases: LeaseRecord[] = [];
    for (const fingerprint of fingerprints) {
      const lease = this.find(fingerprint);
      // Once a day is enough, and a clock that was set back changes nothing.
      if (lease !== undefined && lease.seenDay < today) leases.push(lease);
    }
    if (leases.length === 0) return;
    const update = this.#database.prepare(
      "UPDATE leases SET seen_day = ? WHERE fingerprint = ?",
    );
    this.#database.exec("BEGIN");
    for (const { fingerprint } of leases) update.run(today, fingerprint);
    this.#database.exec("COMMIT");
    for (const lease of leases) {
      this.#change(lease, {
        seenDay: today,
        standing: this.#standing(lease.standing === "banned", lease.sinceDay),
      });
    }
  }

  /** Shuts a relay out, or lets it in again; false where there is no lease. */
  ban(label: string, banned: boolean): boolean {
    const lease = this.#byLabel.get(label);
    if (lease === undefined) return false;
    this.#database.prepare("UPDATE leases SET banned = ? WHERE label = ?")
      .run(banned ? 1 : 0, label);
    this.#change(lease, { standing: this.#standing(banned, lease.sinceDay) });
    return true;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #rows(): Row[] {
    return this.#database.prepare("SELECT * FROM leases ORDER BY since_day")
      .all() as unknown as Row[];
  }

  #recordOf(row: Row): LeaseRecord {
    return {
      fingerprint: new Uint8Array(row.fingerprint),
      label: row.label,
      port: row.port,
      standing: this.#standing(row.banned !== 0, row.since_day),
      sinceDay: row.since_day,
      seenDay: row.seen_day,
    };
  }

  #standing(banned: boolean, sinceDay: number): Standing {
    if (banned) return "banned";
    return this.#today() - sinceDay >= NEW_DAYS ? "known" : "new";
  }

  #remember(lease: LeaseRecord): void {
    this.#leases.set(keyOf(lease.fingerprint), lease);
    this.#byLabel.set(lease.label, lease);
    this.#byPort.set(lease.port, lease);
  }

  #change(lease: LeaseRecord, change: Partial<LeaseRecord>): void {
    const changed = { ...lease, ...change };
    this.#remember(changed);
    if (changed.standing !== lease.standing) {
      this.#options.onChanged?.(changed);
    }
  }

  #admits(invitation: string | undefined): boolean {
    const { open, invitation: wanted } = this.#options;
    if (open) return true;
    if (wanted === undefined || invitation === undefined) return false;
    return equalBytes(digestOf(wanted), digestOf(invitation));
  }

  /** Ends the leases of relays that have not been there for a year. */
  #expire(): void {
    const limit = this.#today() - ABSENT_DAYS;
    for (const lease of this.list()) {
      if (lease.seenDay >= limit || lease.standing === "banned") continue;
      this.#database.prepare("DELETE FROM leases WHERE fingerprint = ?")
        .run(lease.fingerprint);
      this.#leases.delete(keyOf(lease.fingerprint));
      this.#byLabel.delete(lease.label);
      this.#byPort.delete(lease.port);
      this.#options.onExpired(lease);
    }
  }

  #freePort(wish: number | undefined): number | undefined {
    const { first, last } = this.#options.ports;
    const isFree = (port: number) =>
      port >= first && port <= last && !this.#byPort.has(port);
    if (wish !== undefined && isFree(wish)) return wish;
    const count = last - first + 1;
    if (this.#byPort.size >= count) return undefined;
    const start = first + Math.floor(Math.random() * count);
    for (let turn = 0; turn < RANDOM_TRIES; turn++) {
      const port = first + Math.floor(Math.random() * count);
      if (isFree(port)) return port;
    }
    for (let step = 0; step < count; step++) {
      const port = first + (start - first + step) % count;
      if (isFree(port)) return port;
    }
    return undefined;
  }

  #freeLabel(fingerprint: Uint8Array, wish: string | undefined): string {
    const wished = wishedLabel(wish);
    if (wished !== undefined) {
      if (!this.#byLabel.has(wished)) return wished;
      for (let number = 2; number < 100; number++) {
        const label = wishedLabel(`${wished.slice(0, 37)}-${number}`);
        if (label !== undefined && !this.#byLabel.has(label)) return label;
      }
    }
    for (let turn = 0;; turn++) {
      const seed = turn < fingerprint.length ? fingerprint : new Uint8Array(
        createHash("sha256").update(fingerprint).update(String(turn))
          .digest(),
      );
      const label = generatedLabel(seed, turn);
      if (!this.#byLabel.has(label)) return label;
    }
  }

  #today(): number {
    return this.#options.today?.() ?? Math.floor(Date.now() / DAY_MS);
  }
}

function keyOf(fingerprint: Uint8Array): string {
  return String.fromCharCode(...fingerprint);
}

/** Digests have the same length, so that comparing takes the same time. */
function digestOf(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text).digest());
}
