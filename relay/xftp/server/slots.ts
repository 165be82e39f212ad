/**
 * Lets a bounded number of transfers run at a time; the rest waits, each for a
 * bounded time. Among those who wait, the one comes next whose connection has
 * the fewest under way: opening many requests gains nothing. And while somebody
 * waits, a transfer that hardly moves loses its slot: holding slots open costs
 * a client bandwidth.
 *
 * @module
 */

/** What a transfer has while it runs. */
export interface Slot {
  /** Resolves when the slot was given to somebody else. */
  readonly revoked: Promise<void>;
  /** Says that so many bytes were moved. */
  moved(bytes: number): void;
}

/** Who wants a slot. */
export interface SlotRequest {
  /** Their connection. */
  readonly owner: object;
  /** For how long they wait, in milliseconds. */
  readonly waitMs: number;
  /** Settles when they do not want it any more. */
  readonly gone: Promise<unknown>;
}

/** When a transfer is too slow to keep its slot while others wait. */
export interface SlotPace {
  /** Time over which it is measured, in milliseconds (10 s). */
  readonly windowMs: number;
  /** Bytes a second (8 KiB: a piece of 4 MB would take 8 minutes). */
  readonly leastRate: number;
}

const PACE: SlotPace = { windowMs: 10_000, leastRate: 8 * 1024 };
/** Requests that may wait. */
const MOST_WAITING = 4096;

interface Owner {
  readonly key: object;
  held: number;
  readonly waiting: Set<(slot: Held | undefined) => void>;
}

class Held implements Slot {
  readonly owner: Owner;
  readonly #revoked = Promise.withResolvers<void>();
  readonly #onMoved: (bytes: number) => void;
  #bytes = 0;
  #since = performance.now();

  constructor(owner: Owner, onMoved: (bytes: number) => void) {
    this.owner = owner;
    this.#onMoved = onMoved;
  }

  get revoked(): Promise<void> {
    return this.#revoked.promise;
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
    this.#onMoved(bytes);
  }

  revoke(): void {
    this.#revoked.resolve();
  }

  /** Bytes a second over the last window, if one is over. */
  rate(windowMs: number): number | undefined {
    const elapsed = performance.now() - this.#since;
    if (elapsed < windowMs) return undefined;
    const rate = this.#bytes * 1000 / elapsed;
    this.#bytes = 0;
    this.#since += elapsed;
    return rate;
  }
}

/** Slots for transfers of one kind. */
export class Slots {
  readonly #size: number;
  readonly #pace: SlotPace;
  readonly #held = new Set<Held>();
  /** Those with something under way or waiting; served last, the last. */
  readonly #owners = new Map<object, Owner>();
  #moved = 0;
  #waiting = 0;
  #watch: ReturnType<typeof setInterval> | undefined;

  /** `size`: how many at a time. */
  constructor(size: number, pace: SlotPace = PACE) {
    this.#size = size;
    this.#pace = pace;
  }

  /** How many run now. */
  get used(): number {
    return this.#held.size;
  }

  /** Bytes that all have moved since the start. */
  get moved(): number {
    return this.#moved;
  }

  /** Runs `action` when there is a slot for it; "busy": there was none. */
  async run<T>(
    request: SlotRequest,
    action: (slot: Slot) => Promise<T>,
  ): Promise<T | "busy"> {
    const slot = this.#held.size < this.#size && this.#waiting === 0
      ? this.#hold(this.#ownerOf(request.owner))
      : await this.#wait(request);
    if (slot === undefined) return "busy";
    try {
      return await action(slot);
    } finally {
      this.#giveBack(slot);
    }
  }

  async #wait(
    { owner: key, waitMs, gone }: SlotRequest,
  ): Promise<Held | undefined> {
    if (this.#waiting >= MOST_WAITING) return undefined;
    const owner = this.#ownerOf(key);
    const turn = Promise.withResolvers<Held | undefined>();
    const leave = () => {
      if (!owner.waiting.delete(turn.resolve)) return;
      this.#waits(-1);
      this.#forget(owner);
      turn.resolve(undefined);
    };
    owner.waiting.add(turn.resolve);
    this.#waits(1);
    const timer = setTimeout(leave, waitMs);
    void gone.then(leave);
    try {
      return await turn.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #ownerOf(key: object): Owner {
    let owner = this.#owners.get(key);
    if (owner === undefined) {
      owner = { key, held: 0, waiting: new Set() };
      this.#owners.set(key, owner);
    }
    return owner;
  }

  #forget(owner: Owner): void {
    if (owner.held === 0 && owner.waiting.size === 0) {
      this.#owners.delete(owner.key);
    }
  }

  /** Among equals, who was served last comes last. */
  #putLast(owner: Owner): void {
    this.#owners.delete(owner.key);
    this.#owners.set(owner.key, owner);
  }

  #hold(owner: Owner): Held {
    const slot = new Held(owner, (bytes) => this.#moved += bytes);
    owner.held++;
    this.#putLast(owner);
    this.#held.add(slot);
    return slot;
  }

  #giveBack(slot: Held): void {
    this.#held.delete(slot);
    slot.owner.held--;
    this.#putLast(slot.owner);
    this.#forget(slot.owner);
    const next = this.#nextOwner();
    if (next === undefined) return;
    const [resolve] = next.waiting;
    next.waiting.delete(resolve);
    this.#waits(-1);
    resolve(this.#hold(next));
  }

  /** Of those who wait, who has the fewest; the first among equals. */
  #nextOwner(): Owner | undefined {
    let next: Owner | undefined;
    if (this.#waiting === 0) return undefined;
    for (const owner of this.#owners.values()) {
      if (owner.waiting.size === 0) continue;
      if (next === undefined || owner.held < next.held) next = owner;
      if (next.held === 0) break;
    }
    return next;
  }

  #waits(change: 1 | -1): void {
    this.#waiting += change;
    if (this.#waiting === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    } else {
      this.#watch ??= setInterval(
        () => this.#revokeSlow(),
        this.#pace.windowMs / 4,
      );
    }
  }

  /** Takes slots from the slowest, at most one for each who waits. */
  #revokeSlow(): void {
    const slow: { slot: Held; rate: number }[] = [];
    for (const slot of this.#held) {
      const rate = slot.rate(this.#pace.windowMs);
      if (rate !== undefined && rate < this.#pace.leastRate) {
        slow.push({ slot, rate });
      }
    }
    slow.sort((a, b) => a.rate - b.rate);
    for (const { slot } of slow.slice(0, this.#waiting)) slot.revoke();
  }
}
