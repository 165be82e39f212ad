/**
 * Encryption of each transport block under a key of its own, from SMP version
 * 11 (`sbcInit` and `sbcHkdf` in `Simplex.Messaging.Crypto`, `tPutBlock` and
 * `tGetBlock` in `.Transport`).
 *
 * ```text
 * | tag: 16 bytes | length u16 BE | content | '#' up to 16384 bytes |
 * ```
 *
 * @module
 */

import { openInPlace, sealPadded, TAG_SIZE } from "./box.ts";
import { hkdf, hkdfWith, hmacKey } from "./hash.ts";
import { PADDING_OVERHEAD, unpad } from "./padding.ts";

/** Bytes of a transport block. */
const BLOCK_SIZE = 16384;
/** Where the content of an encrypted block begins: behind tag and length. */
export const BLOCK_CONTENT_OFFSET = TAG_SIZE + PADDING_OVERHEAD;
/** Most content of an encrypted block: 16366 bytes. */
export const MAX_BLOCK_CONTENT = BLOCK_SIZE - BLOCK_CONTENT_OFFSET;

const CHAIN_KEY = 32;
const KEY = 32;
const NONCE = 24;

const encoder = new TextEncoder();
const initInfo = encoder.encode("SimpleXSbChainInit");
const stepInfo = encoder.encode("SimpleXSbChain");
const emptySalt = hmacKey(new Uint8Array(0));

/** Key and nonce of one block. */
export interface BlockKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
}

/** The keys of one direction. Old keys cannot be computed from what it keeps. */
export class BlockChain {
  readonly #chainKey: Uint8Array;

  /** Starts a chain at a 32-byte chain key; connections use {@link initBlockChains}. */
  constructor(chainKey: Uint8Array) {
    if (chainKey.length !== CHAIN_KEY) {
      throw new RangeError("A chain key has 32 bytes");
    }
    this.#chainKey = chainKey.slice();
  }

  /** The key of the next block; moves the chain on (`sbcHkdf`). */
  next(): BlockKey {
    const output = hkdfWith(emptySalt, {
      secret: this.#chainKey,
      info: stepInfo,
      length: CHAIN_KEY + KEY + NONCE,
    });
    this.#chainKey.set(output.subarray(0, CHAIN_KEY));
    return {
      key: output.subarray(CHAIN_KEY, CHAIN_KEY + KEY),
      nonce: output.subarray(CHAIN_KEY + KEY),
    };
  }
}

/** The chains of a connection. */
export interface BlockChains {
  /** For blocks that the server sends. */
  readonly serverToClient: BlockChain;
  /** For blocks that the client sends. */
  readonly clientToServer: BlockChain;
}

/**
 * The chains of a connection from its session ID and the DH secret of both
 * session keys (`sbcInit`). The first half is for the server's blocks.
 */
export function initBlockChains(
  sessionId: Uint8Array,
  secret: Uint8Array,
): BlockChains {
  const keys = hkdf(secret, {
    salt: sessionId,
    info: initInfo,
    length: 2 * CHAIN_KEY,
  });
  return {
    serverToClient: new BlockChain(keys.subarray(0, CHAIN_KEY)),
    clientToServer: new BlockChain(keys.subarray(CHAIN_KEY)),
  };
}

/**
 * The next block of a direction with the given content: 16384 bytes.
 *
 * @throws {RangeError} when the content is longer than
 * {@link MAX_BLOCK_CONTENT}; the chain stays where it was.
 */
export function encryptBlock(
  chain: BlockChain,
  content: Uint8Array,
): Uint8Array {
  if (content.length > MAX_BLOCK_CONTENT) {
    throw new RangeError("Content is longer than a block");
  }
  const block = new Uint8Array(BLOCK_SIZE);
  block.set(content, BLOCK_CONTENT_OFFSET);
  encryptBlockInPlace(chain, { block, contentLength: content.length });
  return block;
}

/**
 * {@link encryptBlock} without a copy: the content stands in `block` (16384
 * bytes) from {@link BLOCK_CONTENT_OFFSET} on.
 *
 * @throws {RangeError} when the content is too long or the block has another
 * size; the chain stays where it was.
 */
export function encryptBlockInPlace(
  chain: BlockChain,
  content: { readonly block: Uint8Array; readonly contentLength: number },
): void {
  const { block, contentLength } = content;
  if (block.length !== BLOCK_SIZE || contentLength > MAX_BLOCK_CONTENT) {
    throw new RangeError("Content is longer than a block");
  }
  const { key, nonce } = chain.next();
  sealPadded(block, { secret: key, nonce, contentLength });
}

/**
 * Decrypts the next block of a direction where it stands; the content is a
 * view into `block`. `undefined` when it was not made with the chain's key or
 * its padding is malformed; the chain has moved on even then, so the
 * connection is of no more use.
 */
export function decryptBlock(
  chain: BlockChain,
  block: Uint8Array,
): Uint8Array | undefined {
  const { key, nonce } = chain.next();
  const padded = openInPlace(block, { secret: key, nonce });
  return padded && unpad(padded);
}
