/**
 * Keeps a certificate: gets it, renews it in time, and goes on with the one
 * there is while the certificate authority is away or the clock is wrong.
 *
 * It looks once a minute at what there is to do and never sleeps longer: a
 * clock that is set, or a machine that wakes up, changes what that is.
 *
 * @module
 */

import { type CertificateFacts, certificateFacts } from "./certificates.ts";
import { AcmeClient, type RenewalWindow } from "./client.ts";
import { AcmeError } from "./error.ts";
import { AcmeFiles } from "./files.ts";
import type { Identifier } from "./identifier.ts";
import type { AccountKey } from "./jws.ts";
import { obtainCertificate } from "./obtain.ts";
import { type Pace, renewalTime, retryDelay } from "./renewal.ts";
import type { Credentials, Solver } from "./solver.ts";

/** What a keeper keeps, and how. */
export interface KeeperOptions {
  /** Directory of its files. */
  readonly directory: string;
  /** URL of the CA's directory. */
  readonly ca: string;
  /** Certificates (PEM) of a CA of one's own. */
  readonly trust?: string;
  /** Mail address for the CA. */
  readonly contact?: string;
  /** Profile of the certificate; for addresses "shortlived" unless given. */
  readonly profile?: string;
  /** What the certificate is for, as it is now; none: there is nothing to do yet. */
  readonly names: () => readonly Identifier[];
  /** Ways to prove it, the best first. */
  readonly solvers: () => readonly Solver[];
  /** Told of the certificate that is there, and of each new one. */
  readonly onCertificate: (credentials: Credentials) => void;
  /** Told of failures that are nobody's but the program's. */
  readonly onError: (error: unknown) => void;
  /** Wall clock; for tests. */
  readonly now?: () => number;
  /** For tests. */
  readonly pace?: Partial<Pace> & { readonly tickMs?: number };
}

/** How a certificate stands. Times in milliseconds since 1970. */
export interface KeeperStatus {
  readonly names: readonly string[];
  /** End of the certificate that is used. */
  readonly notAfter: number | undefined;
  readonly renewAt: number | undefined;
  /** What went wrong last, in a sentence, until it works. */
  readonly problem: AcmeError | undefined;
  /** The clock of this machine is before the certificate begins. */
  readonly clockIsBehind: boolean;
}

const PACE = {
  tickMs: 60_000,
  firstRetryMs: 5 * 60_000,
  maxRetryMs: 6 * 3_600_000,
};
/** A clock that jumps further was set, ms. */
const JUMP_MS = 60_000;
/** A certificate begins an hour before it is made. */
const CLOCK_MS = 3_600_000;

/** Keeps one certificate of one CA. */
export class CertificateKeeper implements AsyncDisposable {
  readonly #options: KeeperOptions;
  readonly #files: AcmeFiles;
  readonly #pace: typeof PACE;
  readonly #now: () => number;
  readonly #stopping = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #work: Promise<void> | undefined;
  #facts: CertificateFacts | undefined;
  #window: RenewalWindow | undefined;
  /** When to ask for the window again: wall clock. */
  #askAt = 0;
  #failures = 0;
  /** Monotonic. */
  #notBefore = 0;
  #problem: AcmeError | undefined;
  /** Wall clock less monotonic. */
  #offset: number;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#files = new AcmeFiles(options.directory, options.ca);
    this.#pace = { ...PACE, ...options.pace };
    this.#now = options.now ?? Date.now;
    this.#offset = this.#now() - performance.now();
  }

  /** Uses the certificate that is there, and begins; waits for no CA. */
  async start(): Promise<void> {
    const kept = await this.#files.certificate();
    if (kept !== undefined) {
      this.#facts = certificateFacts(kept.certificates);
      this.#options.onCertificate(kept);
    }
    this.#schedule(0);
  }

  /** How it is now. */
  get status(): KeeperStatus {
    return {
      names: this.#options.names().map(({ value }) => value),
      notAfter: this.#facts?.notAfter,
      renewAt: this.#facts && this.#renewAt(this.#facts),
      problem: this.#problem,
      clockIsBehind: this.#clockIsBehind(),
    };
  }

  /** Something has changed, such as the names: looks at once. */
  wake(): void {
    this.#notBefore = 0;
    this.#schedule(0);
  }

  /**
   * Gets a new certificate now, whatever there is.
   *
   * @throws {AcmeError} when that fails
   */
  async renewNow(): Promise<void> {
    await this.#work;
    if (this.#stopping.signal.aborted) return;
    await this.#run(true);
    if (this.#problem !== undefined) throw this.#problem;
  }

  /** Ends what goes on. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException("stopping", "AbortError"));
    clearTimeout(this.#timer);
    await this.#work;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #schedule(ms: number): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      await this.#work;
      await this.#run(false);
      this.#schedule(this.#pace.tickMs);
    }, ms);
  }

  #run(now: boolean): Promise<void> {
    return this.#work ??= this.#look(now).finally(() => this.#work = undefined);
  }

  /** Does what there is to do; never rejects. */
  async #look(now: boolean): Promise<void> {
    this.#noticeJump();
    if (!now && performance.now() < this.#notBefore) return;
    const names = this.#options.names();
    if (names.length === 0) {
      if (now) {
        this.#problem = new AcmeError(
          "here",
          "There is no name or public address to get a certificate for yet.",
        );
      }
      return;
    }
    try {
      const key = await this.#files.accountKey();
      using client = new AcmeClient({
        directory: this.#options.ca,
        trust: this.#options.trust,
        key,
        signal: this.#stopping.signal,
      });
      if (!now && !await this.#isDue(client, names)) return;
      await this.#obtain(client, key, names);
      this.#failures = 0;
      this.#problem = undefined;
      // With a clock that is ahead, the new one seems to be due as well.
      this.#notBefore = performance.now() + 4 * this.#pace.maxRetryMs;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#failed(error);
    }
  }

  async #isDue(
    client: AcmeClient,
    names: readonly Identifier[],
  ): Promise<boolean> {
    const facts = this.#facts;
    if (facts === undefined || !covers(facts, names)) return true;
    // What a clock that is behind says of times is of no use.
    if (this.#clockIsBehind()) return false;
    await this.#askWindow(client, facts);
    return this.#now() >= this.#renewAt(facts);
  }

  /** Asks the CA when to renew, from time to time; without answer, goes on. */
  async #askWindow(
    client: AcmeClient,
    { id }: CertificateFacts,
  ): Promise<void> {
    if (id === undefined || this.#now() < this.#askAt) return;
    try {
      this.#window = await client.renewalWindow(id);
      this.#askAt = this.#now() +
        (this.#window?.askAgainMs ?? this.#pace.maxRetryMs);
    } catch (error) {
      if (!(error instanceof AcmeError)) throw error;
      this.#askAt = this.#now() + this.#pace.firstRetryMs * 12;
    }
  }

  async #obtain(
    client: AcmeClient,
    key: AccountKey,
    names: readonly Identifier[],
  ): Promise<void> {
    const { contact, profile, solvers, onCertificate } = this.#options;
    await client.account({ contact });
    const { profiles } = await client.directory();
    const hasAddress = names.some(({ type }) => type === "ip");
    const wanted = profile ?? (hasAddress ? "shortlived" : undefined);
    const old = this.#facts;
    const credentials = await obtainCertificate({
      client,
      key,
      request: {
        identifiers: names,
        profile: wanted !== undefined && profiles.includes(wanted)
          ? wanted
          : undefined,
        replaces: old && covers(old, names) ? old.id : undefined,
      },
      solvers: solvers(),
    });
    this.#facts = certificateFacts(credentials.certificates);
    this.#window = undefined;
    this.#askAt = 0;
    // Used even where the disk is full.
    onCertificate(credentials);
    await this.#files.keep(credentials);
  }

  #failed(error: unknown): void {
    this.#failures++;
    if (!(error instanceof AcmeError)) this.#options.onError(error);
    this.#problem = error instanceof AcmeError
      ? error
      : new AcmeError("here", "Something went wrong; the log says what.", {
        cause: error,
      });
    this.#notBefore = performance.now() + retryDelay(this.#failures, {
      pace: this.#pace,
      retryAfterMs: this.#problem.retryAfterMs,
    });
  }

  #renewAt(facts: CertificateFacts): number {
    const salt = this.#options.directory;
    return renewalTime({ facts, window: this.#window, salt });
  }

  #clockIsBehind(): boolean {
    return this.#facts !== undefined &&
      this.#now() < this.#facts.notBefore - CLOCK_MS;
  }

  /** With a clock that was set, what failed before may work now. */
  #noticeJump(): void {
    const offset = this.#now() - performance.now();
    if (Math.abs(offset - this.#offset) > JUMP_MS) {
      this.#notBefore = 0;
      this.#askAt = 0;
    }
    this.#offset = offset;
  }
}

/** Whether the certificate is for all of these, and for nothing else. */
function covers(
  { identifiers }: CertificateFacts,
  names: readonly Identifier[],
): boolean {
  const has = new Set(identifiers.map(({ value }) => keyOf(value)));
  return has.size === names.length &&
    names.every(({ value }) => has.has(keyOf(value)));
}

/** OpenSSL writes IPv6 addresses in their long form. */
function keyOf(value: string): string {
  return value.includes(":") ? new URL(`http://[${value}]`).hostname : value;
}
