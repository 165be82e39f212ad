/**
 * A script of the benchmark in a process of its own, and what it costs. Linux
 * only: the figures come from /proc.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const CLOCK_TICKS = 100; // per second; USER_HZ of every Linux architecture

/** A child process and what it costs. */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #peak = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(script: string, args: readonly (string | number)[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--v8-flags=--max-semi-space-size=4"],
        fileURLToPath(new URL(script, import.meta.url)),
        ...args.map(String),
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    this.#timer = setInterval(
      () => this.#peak = Math.max(this.#peak, this.rss()),
      100,
    );
  }

  /** The next thing it prints. */
  async line(): Promise<string> {
    const { value } = await this.#lines.read();
    if (value === undefined) throw new Error("A process has ended");
    return value;
  }

  /** CPU time of all its threads, seconds. */
  cpu(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.#process.pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
  }

  /** Resident memory, bytes. */
  rss(): number {
    const status = Deno.readTextFileSync(`/proc/${this.#process.pid}/status`);
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  /** The most it has had since this was asked last, bytes. */
  takePeak(): number {
    const peak = Math.max(this.#peak, this.rss());
    this.#peak = 0;
    return peak;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#process.stdin.close().catch(() => {
      // It has ended by itself.
    });
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await this.#lines.cancel();
    await this.#process.status;
    clearTimeout(timer);
  }
}
