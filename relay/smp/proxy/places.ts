/**
 * Places for work under way: so many at a time, the others wait in a line.
 *
 * @module
 */

/** A bound on what is under way. */
export class Places {
  readonly #size: number;
  #taken = 0;
  #line: ((got: boolean) => void)[] = [];
  #emptied: (() => void)[] = [];
  #closed = false;

  constructor(size: number) {
    this.#size = size;
  }

  /** Work that has a place. */
  get taken(): number {
    return this.#taken;
  }

  /** Work that waits for one. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Takes a place if one is free; give it back with {@link give}. */
  take(): boolean {
    // Who waits was here before.
    if (this.#closed || this.#taken >= this.#size || this.#line.length > 0) {
      return false;
    }
    this.#taken++;
    return true;
  }

  /**
   * Waits for a place: true when it has one, false when none came in
   * `timeoutMs` or the line was closed.
   */
  wait(timeoutMs?: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.take()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const enter = (got: boolean) => {
        clearTimeout(timer);
        resolve(got);
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
        this.#line = this.#line.filter((each) => each !== enter);
        this.#tell();
        resolve(false);
      }, timeoutMs);
      this.#line.push(enter);
    });
  }

  /** Gives a place back: to the first in the line. */
  give(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#taken--;
    else next(true);
    this.#tell();
  }

  /** Resolves when nobody waits. */
  emptied(): Promise<void> {
    if (this.#line.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** Sends everybody in the line away; nobody gets a place any more. */
  close(): void {
    this.#closed = true;
    const line = this.#line;
    this.#line = [];
    for (const enter of line) enter(false);
    this.#tell();
  }

  #tell(): void {
    if (this.#line.length > 0) return;
    const told = this.#emptied;
    this.#emptied = [];
    for (const resolve of told) resolve();
  }
}
