/**
 * Sharing the relay within the limits of section `[share]`.
 *
 * Beyond a limit the relay is full: nobody but the owner can create queues and
 * files. What exists goes on, so that no message is lost.
 *
 * @module
 */

import type { Config } from "../../config/mod.ts";
import type { PartStatus } from "../control/mod.ts";
import type { ShareGate } from "../smp/mod.ts";
import { equalBytes } from "../wire/mod.ts";
import { isWithin } from "./hours.ts";
import { Tally, type Traffic } from "./tally.ts";

/** What is counted against the limits: sums since the start of the relay. */
export interface ShareSources extends Traffic {
  /** Connections now. */
  readonly connections: number;
}

/** Why the relay is full. */
export type FullReason = "hour" | "month" | "connections" | "hours";

/** What a share is made of. */
export interface ShareOptions {
  readonly config: Config;
  readonly onError: (error: unknown) => void;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** Between two looks at what went through, ms. */
const LOOK_MS = 2_000;
/** Between two writings, ms. */
const SAVE_MS = 5 * 60_000;
/** Room appears when a tenth of the connections is free again. */
const ROOM = 0.9;

const REASONS: Readonly<Record<FullReason, string>> = {
  hour: "what you give in an hour is used up",
  month: "what you give in a month is used up",
  connections: "as many apps are connected as you allow",
  hours: "it is outside of your hours",
};

/** What the owner shares, and how much of it is used. */
export class Share implements ShareGate, AsyncDisposable {
  readonly #options: ShareOptions;
  readonly #tally: Tally;
  readonly #own: Uint8Array | undefined;
  #sources: (() => ShareSources) | undefined;
  #before: Traffic = { messages: 0, bytes: 0, fileBytes: 0 };
  #reason: FullReason | undefined;
  #timers: ReturnType<typeof setInterval>[] = [];
  #saving: Promise<void> = Promise.resolve();
  /** Called when the relay becomes full, and when there is room again. */
  onChange: () => void = () => {};

  private constructor(options: ShareOptions, tally: Tally) {
    this.#options = options;
    this.#tally = tally;
    const { ownPassword } = options.config.share;
    if (ownPassword !== "") this.#own = new TextEncoder().encode(ownPassword);
  }

  /** Reads what was given before. */
  static async open(options: ShareOptions): Promise<Share> {
    const tally = await Tally.read(options.config.data.directory);
    return new Share(options, tally);
  }

  get isOn(): boolean {
    return this.#options.config.share.listed !== "off";
  }

  /** Why it is full; `undefined` while there is room. */
  get reason(): FullReason | undefined {
    return this.#reason;
  }

  get full(): boolean {
    return this.#reason !== undefined;
  }

  isOwn(password: Uint8Array | undefined): boolean {
    return this.#own !== undefined && password !== undefined &&
      equalBytes(password, this.#own);
  }

  /** Begins to count. */
  start(sources: () => ShareSources): void {
    this.#sources = sources;
    this.#before = sources();
    this.look();
    this.#timers = [
      setInterval(() => this.look(), LOOK_MS),
      setInterval(() => this.#save(), SAVE_MS),
    ];
  }

  /** Counts what went through, and holds it against the limits. */
  look(): void {
    const now = this.#options.now?.() ?? Date.now();
    const sources = this.#sources?.();
    if (sources === undefined || !this.isOn) return;
    const before = this.#before;
    this.#before = sources;
    this.#tally.add({
      messages: Math.max(0, sources.messages - before.messages),
      bytes: sources.bytes - before.bytes,
      fileBytes: sources.fileBytes - before.fileBytes,
    }, now);
    const was = this.#reason;
    this.#reason = this.#reasonFor(sources.connections, now);
    if ((was === undefined) !== (this.#reason === undefined)) this.onChange();
  }

  /** Messages and bytes of files in the last 24 hours. */
  get lastDay(): { readonly messages: number; readonly fileBytes: number } {
    return this.#tally.lastDay;
  }

  /** How it is, for the owner; `undefined` where nothing is shared. */
  part(): PartStatus | undefined {
    if (!this.isOn) return undefined;
    const { days, messages, bytes } = this.#tally.given;
    const given = messages === 0
      ? "Nothing was given yet."
      : `Given so far: ${
        messages < 10 ? "a few" : rounded(messages)
      } messages and ${size(bytes)} in ${days} ${days === 1 ? "day" : "days"}.`;
    const note = this.#reason === undefined
      ? given
      : `Full for now: ${
        REASONS[this.#reason]
      }. What exists keeps working. ${given}`;
    return { name: "share", state: "ok", note };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.look();
    await this.#save();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #reasonFor(connections: number, now: number): FullReason | undefined {
    const { share } = this.#options.config;
    const over = (used: number, limit: number) => limit > 0 && used >= limit;
    // A little room first, so that it does not change with each app.
    const places = this.#reason === "connections"
      ? Math.max(1, Math.floor(share.connections * ROOM))
      : share.connections;
    if (over(this.#tally.monthBytes, share.gigabytesPerMonth * 1e9)) {
      return "month";
    }
    if (over(this.#tally.hourBytes, share.megabytesPerHour * 1e6)) {
      return "hour";
    }
    if (!isWithin(share.hours, new Date(now))) return "hours";
    return share.connections > 0 && connections >= places
      ? "connections"
      : undefined;
  }

  #save(): Promise<void> {
    const { config, onError } = this.#options;
    return this.#saving = this.#saving.then(() =>
      this.#tally.save(config.data.directory)
    ).catch(onError);
  }
}

/** "1,200": the first two digits of it. */
function rounded(count: number): string {
  if (count < 10) return String(Math.floor(count));
  const step = 10 ** (Math.floor(Math.log10(count)) - 1);
  return (Math.floor(count / step) * step).toLocaleString("en");
}

/** "3.4 GB" */
function size(bytes: number): string {
  if (bytes < 1e6) return "under 1 MB";
  return bytes < 1e9
    ? `${rounded(bytes / 1e6)} MB`
    : `${(bytes / 1e9).toLocaleString("en", { maximumFractionDigits: 1 })} GB`;
}
