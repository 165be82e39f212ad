/**
 * Asking for the passphrases of keys: from the environment, for machines, else
 * from whoever sits there.
 *
 * @module
 */

import { ReleaseError } from "./error.ts";
import { hasPassphrase, type KeyRole, type Passphrases } from "./keys.ts";

/** Variables that hold them. */
const VARIABLES = {
  root: "PORCHLIGHT_ROOT_PASSPHRASE",
  release: "PORCHLIGHT_RELEASE_PASSPHRASE",
} as const;

/** Asks once for each of the two: that of root, and that of targets and install. */
export function askPassphrases(): Passphrases {
  const known = new Map<keyof typeof VARIABLES, string>();
  return (role: KeyRole) => {
    if (!hasPassphrase(role)) return undefined;
    const kind = role === "root" ? "root" : "release";
    const passphrase = known.get(kind) ?? Deno.env.get(VARIABLES[kind]) ??
      askFor(`Passphrase of the ${kind} keys: `);
    known.set(kind, passphrase);
    return passphrase;
  };
}

/** Reads a line without showing it. */
function askFor(question: string): string {
  if (!Deno.stdin.isTerminal()) {
    throw new ReleaseError(
      `A passphrase is needed: set ${Object.values(VARIABLES).join(" or ")}.`,
    );
  }
  Deno.stderr.writeSync(new TextEncoder().encode(question));
  Deno.stdin.setRaw(true, { cbreak: true });
  const bytes: number[] = [];
  try {
    const buffer = new Uint8Array(64);
    for (;;) {
      const count = Deno.stdin.readSync(buffer);
      if (count === null) break;
      for (const byte of buffer.subarray(0, count)) {
        if (byte === 10 || byte === 13) {
          return new TextDecoder().decode(new Uint8Array(bytes));
        }
        if (byte === 127 || byte === 8) bytes.pop();
        else bytes.push(byte);
      }
    }
    return new TextDecoder().decode(new Uint8Array(bytes));
  } finally {
    Deno.stdin.setRaw(false);
    Deno.stderr.writeSync(new TextEncoder().encode("\n"));
  }
}
