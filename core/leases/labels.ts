/**
 * First labels of relays' names.
 *
 * @module
 */

/** What stands for the core itself, or what people take for official. */
const RESERVED: ReadonlySet<string> = new Set([
  ..."www ns ns1 ns2 ns3 ns4 dns mail smtp imap pop mx ftp ssh vpn".split(" "),
  ..."core relay relays directory api status admin root support help".split(
    " ",
  ),
  ..."localhost wpad autoconfig autodiscover simplex smp xftp ntf".split(" "),
]);

const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
/** Letters of a label that nobody chose: 50 bits. */
const GENERATED = 10;

/**
 * The label that was wished for, in lower case, if it can be one: 3 to 40
 * letters, digits and hyphens, not at the ends, and none that stands for
 * something else.
 */
export function wishedLabel(wish: string | undefined): string | undefined {
  const label = wish?.toLowerCase();
  if (label === undefined || RESERVED.has(label)) return undefined;
  // Two hyphens there mark encoded names (RFC 5890), which could look like any.
  if (label.slice(2, 4) === "--") return undefined;
  return /^[a-z\d][a-z\d-]{1,38}[a-z\d]$/.test(label) ? label : undefined;
}

/** A label made of a relay's fingerprint; each `turn` gives another. */
export function generatedLabel(fingerprint: Uint8Array, turn: number): string {
  let label = "";
  for (let index = 0; index < GENERATED; index++) {
    const byte = fingerprint[(turn + index) % fingerprint.length];
    label += ALPHABET[byte % ALPHABET.length];
  }
  return label;
}
