/**
 * Work that is done over and over.
 *
 * @module
 */

/** Something that runs until it is stopped. */
export interface Repeated {
  /** Stops it, after the run under way. */
  stop(): Promise<void>;
}

/** When to do it. */
export interface RepeatOptions {
  readonly everyMs: number;
  /** Until the first time; `everyMs` unless given. */
  readonly firstMs?: number;
  /** Told what `action` threw; it is tried again the next time. */
  readonly onError: (error: unknown) => void;
}

/** Longest time of a timer: more would fire at once. */
const LONGEST_TIMER = 0x7fff_ffff;

/** Does `action` every so often, one run at a time. */
export function repeat(
  action: () => void | Promise<void>,
  { everyMs, firstMs = everyMs, onError }: RepeatOptions,
): Repeated {
  let running: Promise<void> | undefined;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout>;
  let due = performance.now() + firstMs;
  const wait = () => {
    const left = Math.max(due - performance.now(), 0);
    timer = setTimeout(run, Math.min(left, LONGEST_TIMER));
  };
  const run = () => {
    if (performance.now() < due) return wait();
    // Those that were missed, while the machine slept, are not made up for.
    due = Math.max(due + everyMs, performance.now());
    running = Promise.resolve().then(action).catch(onError).finally(() => {
      running = undefined;
      if (!stopped) wait();
    });
  };
  wait();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
