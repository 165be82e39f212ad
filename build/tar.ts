import { Buffer } from "node:buffer";

/** A file, directory or symbolic link in an archive. */
export interface TarEntry {
  /** Without a slash at its beginning; of directories without one at the end. */
  readonly path: string;
  readonly mode: number;
  readonly type: "file" | "directory" | "link";
  readonly content?: Uint8Array;
  /** What a link names. */
  readonly target?: string;
  /** Owner and group. */
  readonly id?: number;
}

const BLOCK = 512;

/**
 * An archive in the ustar form (POSIX.1-1988), which is the same whenever and
 * wherever it is made.
 *
 * ```
 * header (512 bytes): name 100, mode 8, uid 8, gid 8, size 12, mtime 12,
 *                     checksum 8, type 1, link 100, "ustar\0" "00", zeros
 * content, padded with zeros to 512 bytes
 * … two blocks of zeros
 * ```
 *
 * @param time of all entries, in seconds since 1970
 * @throws {RangeError} when a path is longer than 100 bytes
 */
export function tar(entries: readonly TarEntry[], time: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const content = entry.content ?? new Uint8Array();
    parts.push(header(entry, { size: content.length, time }), content);
    parts.push(new Uint8Array((BLOCK - content.length % BLOCK) % BLOCK));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(parts);
}

function header(
  { path, mode, type, target = "", id = 0 }: TarEntry,
  { size, time }: { size: number; time: number },
): Uint8Array {
  const name = type === "directory" ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(target) > 100) {
    throw new RangeError(`Too long a path for an archive: ${name}`);
  }
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) =>
    `${value.toString(8).padStart(width - 1, "0")}\0`;
  bytes.write(name, 0);
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(id, 8), 108);
  bytes.write(octal(id, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(time, 12), 136);
  // Counted as spaces.
  bytes.write(" ".repeat(8), 148);
  bytes.write({ file: "0", link: "2", directory: "5" }[type], 156);
  bytes.write(target, 157);
  bytes.write("ustar\x0000", 257, "latin1");
  const sum = bytes.reduce((sum, byte) => sum + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}
