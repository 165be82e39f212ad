/**
 * The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B).
 *
 * @module
 */

import { invalid } from "./error.ts";

/**
 * Bits of the code of each byte, and of the end of string (EOS) last. The code
 * is canonical: codes follow each other by their length, then by the byte.
 */
// deno-fmt-ignore
const LENGTHS = Uint8Array.of(
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
);

const EOS = 256;
/** The codes, in the low bits. */
const CODES = assignCodes();

function assignCodes(): Uint32Array {
  const codes = new Uint32Array(LENGTHS.length);
  let next = 0;
  for (let length = 1; length <= 30; length++) {
    next *= 2;
    LENGTHS.forEach((bits, symbol) => {
      if (bits === length) codes[symbol] = next++;
    });
  }
  return codes;
}

/*
 * Decoding walks the code's tree by four bits at a time. A state is an inner
 * node, 0 the root. No code is shorter than five bits, so that a step ends at
 * most one:
 *
 *   bit  17    16     15 .. 8   7 .. 0
 *       EOS  byte?     byte     next state
 */
const STEP_BYTE = 1 << 16;
const STEP_EOS = 1 << 17;
const { STEPS, MAY_END } = buildSteps();

function buildSteps(): { STEPS: Uint32Array; MAY_END: Uint8Array } {
  // Children of the inner nodes: an inner node's number, or ~symbol.
  const tree: [number, number][] = [[0, 0]];
  CODES.forEach((code, symbol) => {
    let node = 0;
    for (let bit = LENGTHS[symbol] - 1; bit > 0; bit--) {
      const side = code >>> bit & 1;
      if (tree[node][side] === 0) {
        tree[node][side] = tree.push([0, 0]) - 1;
      }
      node = tree[node][side];
    }
    tree[node][code & 1] = ~symbol;
  });
  const steps = new Uint32Array(tree.length * 16);
  for (let state = 0; state < tree.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = state;
      let flags = 0;
      for (let bit = 3; bit >= 0; bit--) {
        node = tree[node][nibble >>> bit & 1];
        if (node < 0) {
          flags |= ~node === EOS ? STEP_EOS : STEP_BYTE | ~node << 8;
          node = 0;
        }
      }
      steps[state * 16 + nibble] = flags | node;
    }
  }
  // A string may end within seven bits of the EOS code, all ones.
  const mayEnd = new Uint8Array(tree.length);
  for (let node = 0, bits = 0; bits <= 7; bits++, node = tree[node][1]) {
    mayEnd[node] = 1;
  }
  return { STEPS: steps, MAY_END: mayEnd };
}

/** Most bytes that `length` bytes decode to: the shortest code has five bits. */
export function huffmanRoom(length: number): number {
  return Math.floor(length * 8 / 5);
}

/**
 * Decodes `bytes` into `target` from `offset` on, which has
 * {@link huffmanRoom}; gives the offset behind what was written.
 *
 * @throws {HpackError} for padding that is none and for EOS
 */
export function decodeHuffman(
  bytes: Uint8Array,
  target: Uint8Array,
  { offset }: { readonly offset: number },
): number {
  let at = offset;
  let state = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    const high = STEPS[state << 4 | byte >>> 4];
    const low = STEPS[(high & 0xff) << 4 | byte & 15];
    if (((high | low) & STEP_EOS) !== 0) throw invalid("A string has EOS");
    if ((high & STEP_BYTE) !== 0) target[at++] = high >>> 8;
    if ((low & STEP_BYTE) !== 0) target[at++] = low >>> 8;
    state = low & 0xff;
  }
  if (MAY_END[state] === 0) throw invalid("A string ends within a code");
  return at;
}

/** Bytes that a string of bytes (Latin-1) takes encoded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += LENGTHS[text.charCodeAt(i)];
  return bits + 7 >>> 3;
}

/**
 * Encodes a string of bytes (Latin-1) into `target` from `offset` on, which
 * has {@link huffmanLength}.
 */
export function encodeHuffman(
  text: string,
  target: Uint8Array,
  { offset }: { readonly offset: number },
): void {
  let at = offset;
  // Bits that no byte was made of yet, fewer than eight between the codes.
  let waiting = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let left = LENGTHS[symbol];
    const code = CODES[symbol];
    while (left > 0) {
      const taken = Math.min(left, 8 - count);
      left -= taken;
      waiting = waiting << taken | code >>> left & (1 << taken) - 1;
      count += taken;
      if (count === 8) {
        target[at++] = waiting;
        waiting = 0;
        count = 0;
      }
    }
  }
  if (count > 0) target[at] = waiting << 8 - count | 0xff >>> count;
}
