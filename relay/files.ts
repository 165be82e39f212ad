/**
 * Files that are either the old one or the new one after a power cut, never
 * half of each.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";

/** How {@link writeFileAtomic} writes. */
export interface AtomicWriteOptions {
  /** Permission bits of the new file, whatever the umask; 0o644 unless given. */
  readonly mode?: number;
  /**
   * Throws `Deno.errors.AlreadyExists` where `path` is taken already. Needs a
   * file system with hard links.
   */
  readonly createNew?: boolean;
}

/**
 * Writes `content` (text as UTF-8) to `path`: a temporary file in the same
 * directory, fsync, rename, fsync of the directory. When the promise resolves
 * the content is on disk under its name; when it rejects `path` is as it was
 * (or, if only the last fsync failed, new) and the temporary file is gone.
 *
 * @throws the errors of `Deno.open`, `Deno.rename` and `Deno.FsFile.sync`
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const mode = options.mode ?? 0o644;
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`,
  );
  try {
    const file = await Deno.open(temporary, {
      write: true,
      createNew: true,
      mode,
    });
    try {
      // The umask may have taken bits away.
      await Deno.chmod(temporary, mode);
      for (let done = 0; done < bytes.length;) {
        done += await file.write(bytes.subarray(done));
      }
      await file.sync();
    } finally {
      file.close();
    }
    // A hard link, unlike a rename, fails where the name is taken.
    if (options.createNew) await Deno.link(temporary, path);
    else await Deno.rename(temporary, path);
  } catch (error) {
    // The first error is the one to report; there may be nothing to remove.
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  if (options.createNew) await Deno.remove(temporary);
  await syncDirectory(dirname(path));
}

/**
 * Makes created, renamed and removed names of a directory durable.
 *
 * @throws the errors of `Deno.open` and `Deno.FsFile.sync`
 */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await Deno.open(path, { read: true });
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}
