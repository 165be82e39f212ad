/**
 * Tells over and over what a directory knows of relays: for a place.
 * `watch_directory.ts ADDRESS FINGERPRINT…`
 *
 * @module
 */

import { DirectoryClient, DirectoryError } from "../../directory/mod.ts";
import { fromBase64Url } from "../../relay/wire/mod.ts";
import { parseCoreAddress } from "../../tunnel/core_address.ts";

const [address, ...fingerprints] = Deno.args;
await using client = new DirectoryClient(parseCoreAddress(address));
for (;;) {
  const known: unknown[] = [];
  for (const text of fingerprints) {
    try {
      const bytes = fromBase64Url(text) ?? new Uint8Array(32);
      const { standing, flags, score, windows } = await client.history(bytes);
      const [{ milliseconds }] = windows;
      known.push({ standing, flags, score, milliseconds });
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      known.push(null);
    }
  }
  console.log(JSON.stringify(known));
  await new Promise((resolve) => setTimeout(resolve, 1500));
}
