/** Lets a bounded number of things happen at a time; the rest waits in order. */
export class Slots {
  #free: number;
  #waiting: (() => void)[] = [];
  readonly #size: number;

  /** `size`: how many at a time. */
  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  /** How many happen now. */
  get used(): number {
    return this.#size - this.#free;
  }

  /** Runs `action` when there is a slot for it. */
  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
