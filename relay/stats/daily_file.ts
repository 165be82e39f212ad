/**
 * The daily statistics file: CSV with a header row.
 *
 * @module
 */

/** Lines that wait for a disk that does not take them: a month of days. */
const MAX_WAITING = 31;

/** Adds lines to the file at `path`. */
export class DailyFile {
  readonly #path: string;
  readonly #header: string;
  #waiting: string[] = [];

  /** `header`: the names of the columns, as a line without its end. */
  constructor(path: string, header: string) {
    this.#path = path;
    this.#header = header;
  }

  /**
   * Adds a line, behind those that could not be written before. A new file
   * begins with the names of the columns; one of the reference goes on as it
   * is.
   *
   * @throws the errors of `Deno.open` and of writing; the line is kept for the
   * next time
   */
  async add(line: string): Promise<void> {
    this.#waiting = [...this.#waiting, line].slice(-MAX_WAITING);
    using file = await Deno.open(this.#path, {
      create: true,
      append: true,
      mode: 0o644,
    });
    const { size } = await file.stat();
    const lines = size === 0 ? [this.#header, ...this.#waiting] : this.#waiting;
    const bytes = new TextEncoder().encode(
      lines.map((each) => `${each}\n`).join(""),
    );
    try {
      for (let done = 0; done < bytes.length;) {
        done += await file.write(bytes.subarray(done));
      }
      await file.sync();
    } catch (error) {
      // Half a line would be half a line for ever.
      await file.truncate(size).catch(() => {});
      throw error;
    }
    this.#waiting = [];
  }
}

/** Milliseconds from `now` until it is `startMs` after midnight, UTC. */
export function untilTimeOfDay(startMs: number, now: number): number {
  const day = 86_400_000;
  const left = (startMs - now % day) % day;
  return left < 0 ? left + day : left;
}
