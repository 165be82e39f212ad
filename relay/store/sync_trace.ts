/**
 * Power cuts for tests. A killed process loses nothing that it wrote, because
 * the kernel still holds it; a power cut loses what was not fsynced. So the
 * writer can record after each fsync how many bytes of the WAL are on disk,
 * and `cutPower` takes the rest away:
 *
 * 1. open the store in a child process with `syncTrace: <file>`;
 * 2. let it acknowledge writes, then kill it with SIGKILL;
 * 3. `cutPower({ dir, trace: <file> })` in the parent;
 * 4. open the store: all that was acknowledged must be there.
 *
 * That `COMMIT` fsyncs is SQLite's word for `synchronous=FULL`; `strace -f -e
 * trace=fsync` shows one call for each group.
 *
 * The database file itself needs no cut: a checkpoint copies only what is
 * fsynced in the WAL, and the WAL starts again only when the copy is fsynced.
 * A WAL copied as a whole counts as 0 bytes: nothing in it is needed.
 *
 * The trace file is lines of one decimal number, the bytes on disk.
 *
 * @module
 */

/** Appends to a trace file. */
export class SyncTrace {
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();

  constructor(path: string) {
    this.#file = Deno.openSync(path, {
      create: true,
      append: true,
      mode: 0o600,
    });
    this.synced(0);
  }

  /** The first `walBytes` bytes of the WAL are on disk. */
  synced(walBytes: number): void {
    this.#file.writeSync(this.#encoder.encode(`${walBytes}\n`));
  }

  close(): void {
    this.#file.close();
  }
}

/**
 * Overwrites with noise what a power cut would have lost, as a file system
 * that grew the file before the data came leaves it. The process that wrote
 * must be dead. Returns the bytes of the WAL that were kept and lost.
 */
export function cutPower(
  { wal, trace }: { readonly wal: string; readonly trace: string },
): { readonly kept: number; readonly lost: number } {
  // The last line may be torn: only ended lines count.
  const lines = Deno.readTextFileSync(trace).split("\n").slice(0, -1);
  const synced = Number(lines.at(-1) ?? 0);
  using file = Deno.openSync(wal, { read: true, write: true });
  const size = file.statSync().size;
  const lost = Math.max(0, size - synced);
  file.seekSync(size - lost, Deno.SeekMode.Start);
  const noise = new Uint8Array(Math.min(lost, 65536));
  for (let left = lost; left > 0; left -= noise.length) {
    crypto.getRandomValues(noise);
    file.writeSync(noise.subarray(0, left));
  }
  return { kept: size - lost, lost };
}
