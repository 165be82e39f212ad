/**
 * A `miniupnpd` that does not know which addresses are private, as routers in
 * many homes: it maps behind another router too.
 *
 * Versions from 2.3.2 have a setting for it (`ext_allow_private_ipv4`). In older
 * ones the list of reserved networks is a table of network and host bits, both
 * 32 bits in the machine's order (`getifaddr.c`, `addr_is_reserved`); in a copy
 * of the program two of its rows are changed.
 *
 * @module
 */

/** Rows that are changed, each a network and the bits of its host part. */
const CHANGES = [
  // Of 192.168.0.0/16 the home's own network stays, which has to be private.
  { from: [0xc0a80000, 16], to: [0xc0a83200, 8] },
  // 100.64.0.0/10 becomes 240.0.0.0/4, which is in the table anyway.
  { from: [0x64400000, 22], to: [0xf0000000, 28] },
] as const;

/**
 * Writes a copy of the program that takes 100.64.0.0/10, and 192.168.0.0/16 but
 * for 192.168.50.0/24, for public.
 *
 * @throws {Error} when the table is not where it is looked for
 */
export async function writeNaiveRouter(
  program: Uint8Array,
  path: string,
): Promise<void> {
  const copy = program.slice();
  for (const { from, to } of CHANGES) {
    const at = indexOf(copy, row(from));
    if (at < 0) throw new Error("this miniupnpd has no such list of networks");
    copy.set(row(to), at);
  }
  const made = `${path}.${crypto.randomUUID()}`;
  await Deno.writeFile(made, copy, { mode: 0o755 });
  await Deno.rename(made, path);
}

function row([network, bits]: readonly [number, number]): Uint8Array {
  return new Uint8Array(new Uint32Array([network, bits]).buffer);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0; at + wanted.length <= bytes.length; at += 4) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
