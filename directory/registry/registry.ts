/**
 * All relays that a directory knows, in memory, written to disk in batches.
 *
 * @module
 */

import { equalBytes, toHex } from "../../relay/wire/mod.ts";
import type { SignedDescriptor } from "../descriptor/mod.ts";
import type { Measurement, RelayRequest } from "../protocol/mod.ts";
import { judge, type Verdict } from "../score.ts";
import { Database, type Dirt } from "./database.ts";
import { Invitations } from "./invitations.ts";
import { DEFAULT_RULES, type LifecycleRules, standingAt } from "./lifecycle.ts";
import { type Failure, RelayRecord, type Standing } from "./record.ts";

/** Time between two writes, ms. */
const FLUSH_MS = 60_000;
/** Time between two looks at some of the relays, ms; all get one in a minute. */
const LOOK_MS = 1_000;
const LOOKS = 60;
/** That a relay was heard of is written no sooner than this after the last time. */
const HEARD_SECONDS = 1800;
/** How often a relay is told on because probes went on, seconds. */
const REMEASURED_SECONDS = 6 * 3600;
/** How far ahead a leave may be announced, seconds. */
const MAX_NOTICE = 400 * 86_400;

/** Options of {@link Registry}. */
export interface RegistryOptions {
  /** The database; made where there is none. */
  readonly path: string;
  /** Relays that are kept at most. */
  readonly maxRelays: number;
  readonly rules?: Partial<LifecycleRules>;
  /** Told when writing fails; it is tried again. Must not throw. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Why a descriptor or a request is not taken. */
export type Refusal =
  | "banned"
  /** The sequence number is not higher than the last. */
  | "stale"
  /** The directory has no room. */
  | "full"
  /** It has to register first. */
  | "unknown";

/** What a probe found. */
export interface ProbeOutcome {
  /** Time to connect and greet; undefined: it failed. */
  readonly milliseconds: number | undefined;
  readonly failure?: Omit<Failure, "time">;
  /**
   * It came sooner than others, as the last one failed: were it counted, an
   * hour of failures would weigh as much as many that are well.
   */
  readonly again?: boolean;
  /** IP address that answered. */
  readonly host?: string;
}

/** See the module. Times of its methods are its own clock's. */
export class Registry implements Disposable {
  readonly rules: LifecycleRules;
  readonly #options: RegistryOptions;
  readonly #database: Database;
  readonly #relays = new Map<string, RelayRecord>();
  readonly #bans: Set<string>;
  readonly #invitations: Invitations;
  readonly #dirty = new Map<RelayRecord, Dirt>();
  /** Heard of since they were written. */
  readonly #unsaved = new Set<RelayRecord>();
  #forgotten: RelayRecord[] = [];
  #timers: ReturnType<typeof setInterval>[] = [];
  #toLookAt: string[] = [];
  #changes = 0;
  #version = 0;

  /** @throws {Error} of SQLite when the file cannot be used */
  constructor(options: RegistryOptions) {
    this.#options = options;
    this.rules = { ...DEFAULT_RULES, ...options.rules };
    this.#database = new Database(options.path);
    this.#bans = new Set(this.#database.bans());
    this.#invitations = new Invitations(this.#database.invitations());
    for (const record of this.#database.relays()) {
      record.inviters = this.#invitations.invitersOf(record.key);
      record.changed = ++this.#changes;
      this.#relays.set(record.key, record);
    }
  }

  /** Begins to write and to look after the relays. */
  start(): void {
    this.sweep();
    this.#timers = [
      setInterval(() => this.#tried(() => this.flush()), FLUSH_MS),
      setInterval(() => this.#lookAtSome(), LOOK_MS),
    ];
  }

  /** Seconds since 1970. */
  get now(): number {
    return Math.floor((this.#options.now?.() ?? Date.now()) / 1000);
  }

  get size(): number {
    return this.#relays.size;
  }

  /** Grows when who is listed may have changed. */
  get version(): number {
    return this.#version;
  }

  /** The change that came last, for {@link changesAfter}. */
  get lastChange(): number {
    return this.#changes;
  }

  /** All relays, those whose news came last at the end. */
  all(): IterableIterator<RelayRecord> {
    return this.#relays.values();
  }

  find(key: string): RelayRecord | undefined {
    return this.#relays.get(key);
  }

  isBanned(key: string): boolean {
    return this.#bans.has(key);
  }

  /**
   * Takes a request's number, which has to rise, and notes which machine it
   * came from. The signature was checked.
   */
  accept(
    record: RelayRecord,
    { sequence, instance }: RelayRequest,
  ): "stale" | undefined {
    if (sequence <= record.requestSequence) return "stale";
    record.requestSequence = sequence;
    record.heardAt = this.now;
    const copied = record.isCopied(this.now);
    const before = record.instance;
    record.seeInstance(toHex(instance), this.now);
    if (record.isCopied(this.now) !== copied) this.#changed(record);
    if (record.instance !== before) this.#mark(record, { state: true });
    else this.#unsaved.add(record);
    return undefined;
  }

  /**
   * Takes a descriptor, which was verified, of a relay that registers, or of
   * which another directory tells.
   */
  add(
    signed: SignedDescriptor,
    { registered }: { readonly registered: boolean },
  ): RelayRecord | Exclude<Refusal, "unknown"> {
    const made = new RelayRecord({ signed, since: this.now, registered });
    if (this.#bans.has(made.key)) return "banned";
    const known = this.#relays.get(made.key);
    if (known === undefined) {
      if (this.#relays.size >= this.#options.maxRelays) return "full";
      made.inviters = this.#invitations.invitersOf(made.key);
      this.#relays.set(made.key, made);
      this.#changed(made);
      this.#mark(made, { descriptor: true, state: true, history: true });
      return made;
    }
    const refused = this.renew(known, signed);
    if (refused !== undefined) return refused;
    if (registered && !known.registered) {
      known.registered = true;
      this.#mark(known, { descriptor: true });
    }
    if (registered && known.standing === "left") {
      known.leavesAt = 0;
      this.#stand(known, "probation");
    }
    return known;
  }

  /** A newer descriptor of a known relay; an older one is refused. */
  renew(record: RelayRecord, signed: SignedDescriptor): "stale" | undefined {
    const before = record.signed;
    const { sequence } = signed.descriptor;
    if (sequence < before.descriptor.sequence) return "stale";
    if (sequence === before.descriptor.sequence) {
      if (equalBytes(signed.body, before.body)) return undefined;
      // One relay does not say two things at once: two machines do.
      record.copiedAt = this.now;
      this.#changed(record);
      this.#mark(record, { state: true });
      return "stale";
    }
    record.signed = signed;
    record.leavesAt = signed.descriptor.leavesAt ?? 0;
    this.#changed(record);
    this.#mark(record, { descriptor: true, state: true });
    return undefined;
  }

  /** What a heartbeat says. */
  setFull(record: RelayRecord, full: boolean): void {
    if (record.full === full) return;
    record.full = full;
    record.verdict = undefined;
    this.#version++;
    this.#mark(record, { state: true });
  }

  /** The relay will leave. */
  leave(record: RelayRecord, at: number): void {
    record.leavesAt = Math.min(Math.max(at, this.now), this.now + MAX_NOTICE);
    this.#changed(record);
    this.#mark(record, { state: true });
    this.look(record);
  }

  /** An established relay vouches for another one; why it may not. */
  invite(
    inviter: RelayRecord,
    guest: string,
  ): "not established" | "too many" | undefined {
    if (inviter.standing !== "established" || inviter.isCopied(this.now)) {
      return "not established";
    }
    const day = Math.floor(this.now / 86_400);
    const invitation = { guest, inviter: inviter.key, day };
    if (!this.#invitations.add(invitation, (key) => this.#bans.has(key))) {
      return "too many";
    }
    this.#database.saveInvitation(invitation);
    const record = this.#relays.get(guest);
    if (record !== undefined) {
      record.inviters = this.#invitations.invitersOf(guest);
      this.look(record);
    }
    return undefined;
  }

  /** Shuts a relay out, known or not, or lets it in again. */
  ban(fingerprint: string, banned: boolean): void {
    if (banned) this.#bans.add(fingerprint);
    else this.#bans.delete(fingerprint);
    this.#database.saveBan(fingerprint, banned);
    const record = this.#relays.get(fingerprint);
    if (record === undefined) return;
    if (banned) this.#stand(record, "banned");
    else if (record.standing === "banned") {
      // It begins anew.
      record.since = this.now;
      this.#stand(record, "new");
      this.look(record);
    }
  }

  /** Notes a probe, and what follows from it. */
  noteProbe(record: RelayRecord, outcome: ProbeOutcome): void {
    const { milliseconds, failure, host } = outcome;
    record.history.add(this.now, milliseconds, { counted: !outcome.again });
    if (milliseconds === undefined) record.failingSince ||= this.now;
    else {
      record.workedAt = this.now;
      record.failingSince = 0;
    }
    record.failure = failure && { ...failure, time: this.now };
    if (host !== undefined) record.host = host;
    this.#mark(record, { history: true, state: true });
    this.#version++;
    this.#judge(record);
    this.look(record);
    if (this.now - record.toldAt > REMEASURED_SECONDS) this.#changed(record);
  }

  /** Takes what another directory has measured, unless it is older. */
  noteMeasurement(
    record: RelayRecord,
    from: string,
    foreign: { readonly bytes: Uint8Array; readonly measurement: Measurement },
  ): void {
    const known = record.measurements.get(from);
    const { time } = foreign.measurement;
    if (time > this.now + 3600) return;
    if (known !== undefined && known.measurement.time >= time) return;
    record.measurements.set(from, foreign);
    this.#judge(record);
  }

  /** What the probes come to. */
  verdict(record: RelayRecord): Verdict {
    return record.verdict ??= judge(record, this.now);
  }

  /** Looks where the relay stands now. */
  look(record: RelayRecord): void {
    const inviters =
      record.inviters.filter((key) =>
        this.#relays.get(key)?.standing === "established"
      ).length;
    const { rules } = this;
    const standing = standingAt(record, this.now, { rules, inviters });
    if (standing === "forgotten") this.#forget(record);
    else if (standing !== record.standing) this.#stand(record, standing);
  }

  /** Looks at all relays. */
  sweep(): void {
    for (const record of [...this.#relays.values()]) {
      this.#judge(record);
      this.look(record);
    }
    this.#version++;
  }

  /** Relays with news after the change `after`, up to `max`, in their order. */
  changesAfter(after: number, max: number): RelayRecord[] {
    const found: RelayRecord[] = [];
    for (const record of this.#relays.values()) {
      if (record.changed <= after) continue;
      found.push(record);
      if (found.length >= max) break;
    }
    return found;
  }

  /** Where another directory was left off; "" at first. */
  peerCursor(fingerprint: Uint8Array): string {
    return this.#database.peer(fingerprint)?.cursor ?? "";
  }

  savePeerCursor(fingerprint: Uint8Array, cursor: string): void {
    this.#database.savePeer(fingerprint, { cursor });
  }

  /**
   * Writes what has changed; that relays were heard of now and then, or with
   * `all` at once.
   */
  flush({ all = false }: { all?: boolean } = {}): void {
    for (const record of this.#unsaved) {
      if (all || this.now - record.savedAt >= HEARD_SECONDS) {
        this.#mark(record, { state: true });
      }
    }
    if (this.#dirty.size === 0 && this.#forgotten.length === 0) return;
    this.#database.save(this.#dirty, this.#forgotten);
    for (const [record, { state }] of this.#dirty) {
      if (!state) continue;
      record.savedAt = this.now;
      this.#unsaved.delete(record);
    }
    this.#dirty.clear();
    this.#forgotten = [];
  }

  /** Writes, and closes the database. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#tried(() => this.flush({ all: true }));
    this.#database[Symbol.dispose]();
  }

  #lookAtSome(): void {
    if (this.#toLookAt.length === 0) this.#toLookAt = [...this.#relays.keys()];
    const count = Math.ceil(this.#relays.size / LOOKS);
    for (const key of this.#toLookAt.splice(-count, count)) {
      const record = this.#relays.get(key);
      if (record === undefined) continue;
      this.#judge(record);
      this.look(record);
    }
    this.#version++;
  }

  #judge(record: RelayRecord): void {
    record.verdict = judge(record, this.now);
  }

  #stand(record: RelayRecord, standing: Standing): void {
    const { rules } = this;
    const away = this.now - record.standingSince;
    if (record.standing === "dead" && away > rules.freshDays * 86_400) {
      record.since = this.now;
      this.#mark(record, { descriptor: true });
    }
    record.standing = standing;
    record.standingSince = this.now;
    if (record.standing === "probation") this.look(record);
    this.#judge(record);
    this.#changed(record);
    this.#mark(record, { state: true });
  }

  #forget(record: RelayRecord): void {
    this.#relays.delete(record.key);
    this.#dirty.delete(record);
    this.#unsaved.delete(record);
    this.#invitations.forget(record.key);
    this.#forgotten.push(record);
    this.#version++;
  }

  /** Others should learn of it: it moves to the end of the map. */
  #changed(record: RelayRecord): void {
    record.changed = ++this.#changes;
    record.toldAt = this.now;
    record.verdict = undefined;
    this.#version++;
    if (this.#relays.delete(record.key)) this.#relays.set(record.key, record);
  }

  #mark(record: RelayRecord, dirt: Dirt): void {
    this.#dirty.set(record, { ...this.#dirty.get(record), ...dirt });
  }

  #tried(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
