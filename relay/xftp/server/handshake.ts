/**
 * The relay's side of the XFTP handshake (simplexmq 6.5.5,
 * `xftpServerHandshakeV1` in `Simplex.FileTransfer.Server`).
 *
 * ```text
 * client -> relay   nothing, or from browsers a challenge
 * relay  -> client  versions, session ID, certificate chain, signed X25519 key
 *                   [proof for the challenge]
 * client -> relay   version, CA fingerprint
 * relay  -> client  nothing
 * ```
 * Each pair is a request and its response; the session is the connection.
 * Browsers share a connection among pages, so they may begin again: the
 * headers `xftp-web-hello` and `xftp-handshake` say which step it is.
 *
 * @module
 */

import { generateX25519, SessionAuthenticator } from "../../crypto/mod.ts";
import type { Identity } from "../../identity/mod.ts";
import type { VersionRange } from "../../smp/mod.ts";
import { concatBytes, equalBytes } from "../../wire/mod.ts";
import { type XftpParams, xftpParams } from "../codec.ts";
import {
  decodeXftpClientHandshake,
  decodeXftpClientHello,
  encodeXftpHandshakeError,
  encodeXftpServerHandshake,
} from "../handshake_codec.ts";
import type { XftpError } from "../messages.ts";
import { XFTP_BLOCK_SIZE } from "../versions.ts";

/** What a session has agreed on. */
export interface XftpSession {
  readonly params: XftpParams;
  /** Absent in sessions of the first version, which have no handshake. */
  readonly authenticator?: SessionAuthenticator;
}

/** A request as the handshake sees it. */
export interface HandshakeRequest {
  /** At most one block. */
  readonly head: Uint8Array;
  /** Headers that browsers send. */
  readonly webHello: boolean;
  readonly webHandshake: boolean;
}

/** What to do with a request. */
export type HandshakeStep =
  | { readonly session: XftpSession }
  /** Respond with this; `undefined`: with no body. */
  | { readonly answer: Uint8Array | undefined };

interface Keys {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** The handshake of one connection. */
export class ServerHandshake {
  readonly #identity: Identity;
  readonly #versions: VersionRange;
  readonly #sessionId: Uint8Array;
  readonly #browser: boolean;
  #keys: Keys | undefined;
  #session: XftpSession | undefined;

  /** `browser`: the client has sent a server name. */
  constructor(
    parts: { identity: Identity; versions: VersionRange },
    connection: { sessionId: Uint8Array; browser: boolean },
  ) {
    this.#identity = parts.identity;
    this.#versions = parts.versions;
    this.#sessionId = connection.sessionId;
    this.#browser = connection.browser;
  }

  /** Whether there is a session. */
  get done(): boolean {
    return this.#session !== undefined;
  }

  /** Handles one request. */
  step(request: HandshakeRequest): HandshakeStep {
    const webHello = this.#browser && request.webHello;
    if (webHello) return this.#hello(request);
    if (this.#keys === undefined) {
      return this.#browser
        ? refusal({ type: "SESSION" })
        : this.#hello(request);
    }
    if (this.#session === undefined) {
      return this.#accept(request, this.#keys);
    }
    return this.#browser && request.webHandshake
      ? this.#accept(request, this.#keys)
      : { session: this.#session };
  }

  #hello({ head }: HandshakeRequest): HandshakeStep {
    let challenge: Uint8Array | undefined;
    if (head.length > 0) {
      const hello = this.#browser ? decodeXftpClientHello(head) : undefined;
      if (hello === undefined) return refusal({ type: "HANDSHAKE" });
      challenge = hello.webChallenge;
    }
    const { publicKey } = this.#keys ??= generateX25519();
    this.#session = undefined;
    const identity = this.#identity;
    return {
      answer: encodeXftpServerHandshake({
        versions: this.#versions,
        sessionId: this.#sessionId,
        key: {
          chain: identity.chain,
          signedKey: identity.signSessionKey(publicKey),
        },
        webIdentityProof: challenge &&
          identity.sign(concatBytes(challenge, this.#sessionId)),
      }),
    };
  }

  #accept({ head }: HandshakeRequest, { privateKey }: Keys): HandshakeStep {
    const handshake = head.length === XFTP_BLOCK_SIZE
      ? decodeXftpClientHandshake(head)
      : undefined;
    const { min, max } = this.#versions;
    if (
      handshake === undefined ||
      !equalBytes(handshake.fingerprint, this.#identity.fingerprint) ||
      handshake.version < min || handshake.version > max
    ) return refusal({ type: "HANDSHAKE" });
    this.#session = {
      params: xftpParams(handshake.version, this.#sessionId),
      authenticator: new SessionAuthenticator(privateKey),
    };
    return { answer: undefined };
  }
}

function refusal(error: XftpError): HandshakeStep {
  return { answer: encodeXftpHandshakeError(error) };
}
