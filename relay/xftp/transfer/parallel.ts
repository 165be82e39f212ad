/**
 * A bounded number of tasks at a time. The first that fails stops the others:
 * no further one is begun.
 *
 * @module
 */

/** Tasks under way. */
export class Parallel {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when another task may begin; throws what a task threw. */
  async room(): Promise<void> {
    while (this.#running.size >= this.#limit && this.#failure === undefined) {
      await Promise.race(this.#running);
    }
    this.#check();
  }

  /** Begins a task. */
  start(task: () => Promise<void>): void {
    const running = task().catch((error: unknown) => {
      this.#failure ??= { error };
    }).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when all tasks have ended; throws what the first one threw. */
  async done(): Promise<void> {
    await this.settled();
    this.#check();
  }

  /** Resolves when no task is under way any more, whatever became of them. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
