/**
 * Pings of a link: whether the peer is still there, and how far away it is.
 *
 * @module
 */

const DEFAULT_PING_MS = 20_000;
const DEFAULT_DEAD_MS = 45_000;
/** Round trip that is assumed before one was measured, ms. */
const FIRST_RTT_MS = 100;

/** What a {@link KeepAlive} works with. */
export interface KeepAliveOptions {
  /** Time between pings, ms; default 20 s. */
  readonly pingMs?: number;
  /** Silence after which the peer is gone, ms; default 45 s. */
  readonly deadMs?: number;
  /** Sends a ping; the peer sends its value back. */
  readonly send: (value: number) => void;
  /** Nothing came for too long. */
  readonly onDead: () => void;
}

/** Pings from `start` to `stop`. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #heardAt = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sent: { readonly value: number; readonly at: number } | undefined;
  #value = 0;
  readonly #waiters: (() => void)[] = [];
  #rttMs = FIRST_RTT_MS;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** Round trip time of the last ping, ms. */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** Pings at once, and from then on. */
  start(): void {
    const { pingMs, deadMs, onDead } = this.#options;
    const leftMs = this.#heardAt + (deadMs ?? DEFAULT_DEAD_MS) -
      performance.now();
    if (leftMs <= 0) return onDead();
    this.#ping();
    // Silence is noticed when it has lasted, not at the ping after that.
    this.#timer = setTimeout(
      () => this.start(),
      Math.min(pingMs ?? DEFAULT_PING_MS, leftMs),
    );
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** The peer has sent a ping's value back. */
  answered(value: number): void {
    if (this.#sent?.value !== value) return;
    this.#rttMs = performance.now() - this.#sent.at;
    this.#sent = undefined;
    this.#release();
  }

  /** Pings now; resolves with the answer, or when this stops. */
  ask(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    this.#ping();
    return promise;
  }

  /** Ends; nobody waits any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#release();
  }

  #ping(): void {
    this.#value = (this.#value + 1) >>> 0;
    this.#sent = { value: this.#value, at: performance.now() };
    this.#options.send(this.#value);
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
