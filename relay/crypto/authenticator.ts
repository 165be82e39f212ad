/**
 * Authorisation by X25519, deniable unlike a signature (`cbAuthenticate`,
 * `cbVerify` in `Simplex.Messaging.Crypto`): a box around the SHA-512 of the
 * message, under the DH secret of the queue's key and the session's.
 *
 * ```text
 * | tag: 16 bytes | encrypted SHA-512: 64 bytes |
 * ```
 *
 * @module
 */

import { bytesKey, equalBytes } from "../wire/mod.ts";
import {
  type BoxKey,
  boxKey,
  type BoxSecret,
  cbDecryptNoPad,
  cbEncryptNoPad,
  TAG_SIZE,
} from "./box.ts";
import { sha512 } from "./hash.ts";
import { dh } from "./x25519.ts";

/** Bytes of an authenticator. */
export const AUTHENTICATOR_SIZE = TAG_SIZE + 64;

/** The two keys whose DH secret authenticates; raw, 32 bytes each. */
export interface AuthenticatorKeys {
  /** The other side's. */
  readonly publicKey: Uint8Array;
  /** Our own. */
  readonly privateKey: Uint8Array;
}

/** What is authenticated. The nonce has 24 bytes (see `cbNonce`). */
export interface AuthenticatedMessage {
  readonly nonce: Uint8Array;
  readonly message: Uint8Array;
  /** More of the message, behind `message`: saves the caller joining them. */
  readonly rest?: Uint8Array;
}

/**
 * The 80-byte authenticator of a message; `undefined` when the public key is
 * of low order.
 */
export function cbAuthenticate(
  keys: AuthenticatorKeys,
  authenticated: AuthenticatedMessage,
): Uint8Array | undefined {
  const secret = dh(keys.publicKey, keys.privateKey);
  return secret && cbEncryptNoPad(digestOf(authenticated), {
    secret,
    nonce: authenticated.nonce,
  });
}

/** Whether the authenticator is one of these keys for the message. */
export function cbVerify(
  keys: AuthenticatorKeys,
  authenticated: AuthenticatedMessage & { readonly authenticator: Uint8Array },
): boolean {
  const secret = dh(keys.publicKey, keys.privateKey);
  return secret !== undefined && cbVerifyWith(secret, authenticated);
}

/**
 * {@link cbVerify} with the DH secret, or its box key, computed beforehand.
 * Mind the time: see {@link SessionAuthenticator}.
 */
export function cbVerifyWith(
  secret: BoxSecret,
  authenticated: AuthenticatedMessage & { readonly authenticator: Uint8Array },
): boolean {
  const { authenticator, nonce } = authenticated;
  if (authenticator.length !== AUTHENTICATOR_SIZE) return false;
  const digest = cbDecryptNoPad(authenticator, { secret, nonce });
  return digest !== undefined && equalBytes(digest, digestOf(authenticated));
}

function digestOf({ message, rest }: AuthenticatedMessage): Uint8Array {
  return rest === undefined ? sha512(message) : sha512(message, rest);
}

/**
 * How many peers' keys a session remembers: about 20 KB, as a peer can make
 * as many queues as it likes.
 */
const MAX_REMEMBERED = 64;

/**
 * Verifies the authenticators of one session, whose private key it holds, and
 * remembers the DH secrets of keys that verified: the second `SEND` to a queue
 * costs no DH.
 *
 * A refusal always takes the time of one DH: how long it takes does not tell
 * whether the queue exists (see `dummyAuthKey`).
 */
export class SessionAuthenticator {
  readonly #privateKey: Uint8Array;
  readonly #remembered = new Map<string, BoxKey>();

  /** `privateKey`: the session's X25519 private key, raw. */
  constructor(privateKey: Uint8Array) {
    this.#privateKey = privateKey;
  }

  /** Whether the authenticator is that of the peer's raw X25519 `publicKey`. */
  verify(
    publicKey: Uint8Array,
    authenticated: AuthenticatedMessage & {
      readonly authenticator: Uint8Array;
    },
  ): boolean {
    const name = bytesKey(publicKey);
    const remembered = this.#remembered.get(name);
    if (remembered && cbVerifyWith(remembered, authenticated)) return true;
    const secret = dh(publicKey, this.#privateKey);
    if (secret === undefined) return false;
    const key = boxKey(secret);
    if (!cbVerifyWith(key, authenticated)) return false;
    this.#remember(name, key);
    return true;
  }

  #remember(name: string, key: BoxKey): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(name, key);
  }
}
