/**
 * How far a transfer is: a bar for people, a few lines for everything else.
 * On standard error, so that standard output is the result.
 *
 * @module
 */

/** Where progress is shown. */
export interface ProgressOutput {
  /** Whether a person is looking. */
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
  write(text: string): void;
}

/** Time between two looks of a bar, in milliseconds. */
const REFRESH_MS = 100;
/** Percents between two lines where nobody is looking. */
const STEP = 25;

/** Progress of one thing that has a known size in bytes. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #output: ProgressOutput;
  readonly #started = performance.now();
  #done = 0;
  #shownAt = -Infinity;
  #shownPercent = 0;

  constructor(label: string, total: number, output: ProgressOutput) {
    this.#label = label;
    this.#total = total;
    this.#output = output;
    this.#show();
  }

  /** Takes note of more bytes; negative when they have to go again. */
  add(bytes: number): void {
    this.#done += bytes;
    this.#show();
  }

  /** Says something in between, on a line of its own. */
  note(line: string): void {
    this.#output.write(`${this.#clear()}${line}\n`);
    this.#shownAt = -Infinity;
    this.#show();
  }

  /** Takes the bar away. */
  end(): void {
    this.#output.write(this.#clear());
  }

  #clear(): string {
    return this.#output.isTerminal ? "\r\x1b[2K" : "";
  }

  #show(): void {
    const done = Math.max(0, Math.min(this.#done, this.#total));
    const percent = Math.floor(done / Math.max(1, this.#total) * 100);
    if (!this.#output.isTerminal) {
      if (percent < this.#shownPercent + STEP) return;
      this.#shownPercent = percent - percent % STEP;
      this.#output.write(`${this.#label}: ${this.#shownPercent} %\n`);
      return;
    }
    const now = performance.now();
    if (now - this.#shownAt < REFRESH_MS) return;
    this.#shownAt = now;
    this.#output.write(`${this.#clear()}${this.#line(done, percent)}`);
  }

  #line(done: number, percent: number): string {
    const seconds = (performance.now() - this.#started) / 1000;
    const speed = done / Math.max(seconds, 0.1);
    const left = done === 0 || seconds < 1
      ? ""
      : `, ${clock((this.#total - done) / speed)} left`;
    const before = `${this.#label}  `;
    const after = `  ${percent} % of ${size(this.#total)}, ` +
      `${size(speed)}/s${left}`;
    const width = Math.min(
      30,
      this.#output.columns - 1 - before.length - after.length,
    );
    if (width < 5) return `${before}${percent} %`;
    const full = Math.round(width * percent / 100);
    return `${before}${"█".repeat(full)}${"░".repeat(width - full)}${after}`;
  }
}

/** Progress on standard error. */
export function systemProgressOutput(columns: number): ProgressOutput {
  const encoder = new TextEncoder();
  return {
    isTerminal: Deno.stderr.isTerminal(),
    columns,
    write(text) {
      const bytes = encoder.encode(text);
      try {
        for (let done = 0; done < bytes.length;) {
          done += Deno.stderr.writeSync(bytes.subarray(done));
        }
      } catch (error) {
        // Whoever looked has gone; the transfer goes on.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  };
}

/** A number of bytes for people: "17.5 MB". */
export function size(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const rounded = unit === 0 || value >= 100
    ? Math.round(value).toString()
    : value.toFixed(1).replace(/\.0$/, "");
  return `${rounded} ${units[unit]}`;
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}
