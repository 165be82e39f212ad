/**
 * Takes over an identity that was made elsewhere.
 *
 * @module
 */

import { join } from "node:path";
import type { Identity } from "./identity.ts";
import {
  exists,
  FILES,
  type IdentityPaths,
  identityPaths,
  ioError,
  readIdentity,
} from "./identity_files.ts";
import { replaceFiles } from "./replace_files.ts";

/**
 * Copies the identity at `source` into `directory`, as it is, over one that
 * may be there. Its files are checked first; a power cut leaves the old
 * identity or the new one. Without a CA key at `source`, one that is in
 * `directory` is removed: it is not of this identity.
 *
 * @throws {IdentityError}
 */
export async function adoptIdentity(
  source: IdentityPaths,
  directory: string,
): Promise<Identity> {
  const identity = await readIdentity(source);
  const caKey = identity.hasCaKey ? source.caKey : undefined;
  const files = await Promise.all([
    fileOf(FILES.caCertificate, source.ca),
    ...caKey === undefined ? [] : [fileOf(FILES.caKey, caKey)],
    fileOf(FILES.certificate, source.certificate),
    fileOf(FILES.key, source.key),
  ]);
  try {
    const stale = join(directory, FILES.caKey.name);
    if (caKey === undefined && await exists(stale)) await Deno.remove(stale);
    await replaceFiles(directory, [
      ...files,
      { ...FILES.fingerprint, content: `${identity.fingerprintText}\n` },
    ]);
  } catch (cause) {
    throw ioError("write", directory, cause);
  }
  return await readIdentity(identityPaths(directory));
}

async function fileOf(
  { name, mode }: { readonly name: string; readonly mode: number },
  path: string,
) {
  try {
    return { name, mode, content: await Deno.readTextFile(path) };
  } catch (cause) {
    throw ioError("read", path, cause);
  }
}
