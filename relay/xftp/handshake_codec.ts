/**
 * Encoding of the handshake (simplexmq 6.5.5, `XFTPClientHello`,
 * `XFTPServerHandshake` and `XFTPClientHandshake` in
 * `Simplex.FileTransfer.Transport`, their use in `Simplex.FileTransfer.Server`
 * and `.Client`). Each message is the content of a padded block of 16384
 * bytes; bytes behind it are for later versions and are ignored.
 *
 * ```text
 * client's hello     = no body, or from browsers: maybe challenge (1 + 32)
 * relay's handshake  = versions (2 + 2), session ID (1 + n), signed session
 *                      key, proof (1 + 0, 64 or 114)
 *                    | error
 * client's handshake = version (2), fingerprint of the relay's CA (1 + 32)
 * relay's answer     = no body | error
 * ```
 *
 * The proof is a signature of challenge and session ID with the key of the
 * relay's certificate: a browser does not show the session ID of TLS, so it
 * cannot compare it.
 *
 * @module
 */

import {
  PADDING_OVERHEAD,
  padInPlace,
  signatureAlgorithm,
  unpad,
} from "../crypto/mod.ts";
import {
  readSignedSessionKey,
  readVersionRange,
  type SignedSessionKey,
  type VersionRange,
  writeSignedSessionKey,
  writeVersionRange,
} from "../smp/mod.ts";
import { concatBytes, decode, WireError, Writer } from "../wire/mod.ts";
import { readXftpError, writeXftpError } from "./error_codec.ts";
import type { XftpError } from "./messages.ts";
import { XFTP_BLOCK_SIZE } from "./versions.ts";

/** Bytes of a browser's challenge. */
export const WEB_CHALLENGE_SIZE = 32;

/** What a browser sends first. */
export interface XftpClientHello {
  /** 32 random bytes to be signed by the relay. */
  readonly webChallenge?: Uint8Array;
}

/** What the relay answers to a hello. */
export interface XftpServerHandshake {
  readonly versions: VersionRange;
  /** Apps compare it with their own of the TLS session. */
  readonly sessionId: Uint8Array;
  /** X25519 session key signed with the relay's certificate. */
  readonly key: SignedSessionKey;
  /** Signature of the challenge and the session ID, if there was a challenge. */
  readonly webIdentityProof?: Uint8Array;
}

/** What the client sends second. */
export interface XftpClientHandshake {
  /** The version of the session. */
  readonly version: number;
  /** SHA-256 of the CA certificate that the client expects. */
  readonly fingerprint: Uint8Array;
}

/** A block with a browser's hello: 16384 bytes. */
export function encodeXftpClientHello(hello: XftpClientHello): Uint8Array {
  return packBlock((writer) =>
    writer.maybe(hello.webChallenge, (w, challenge) => w.short(challenge))
  );
}

/**
 * A browser's hello; `undefined` when the block is not one. As in the
 * reference the block may have another size.
 */
export function decodeXftpClientHello(
  block: Uint8Array,
): XftpClientHello | undefined {
  const content = unpad(block);
  return content && decode(content, (reader) => {
    const webChallenge = reader.maybe((r) => r.short());
    if (webChallenge && webChallenge.length !== WEB_CHALLENGE_SIZE) {
      throw new WireError("Invalid challenge");
    }
    return { webChallenge };
  }, { partial: true });
}

/** A block with the relay's handshake: 16384 bytes. */
export function encodeXftpServerHandshake(
  handshake: XftpServerHandshake,
): Uint8Array {
  return packBlock((writer) => {
    writeVersionRange(writer, handshake.versions);
    writer.short(handshake.sessionId);
    writeSignedSessionKey(writer, handshake.key);
    writer.short(handshake.webIdentityProof ?? new Uint8Array(0));
  });
}

/** The relay's handshake or its error; `undefined` for anything else. */
export function decodeXftpServerHandshake(
  block: Uint8Array,
): XftpServerHandshake | { readonly error: XftpError } | undefined {
  const content = contentOf(block);
  return content && (decode(content, (reader) => {
    const versions = readVersionRange(reader);
    const sessionId = reader.short();
    const key = readSignedSessionKey(reader);
    const webIdentityProof = decode(
      reader.tail(),
      (r) => r.short(),
      { partial: true },
    );
    return {
      versions,
      sessionId,
      key,
      webIdentityProof:
        webIdentityProof && signatureAlgorithm(webIdentityProof.length)
          ? webIdentityProof
          : undefined,
    };
  }, { partial: true }) ?? decodeError(content));
}

/** A block with the client's handshake: 16384 bytes. */
export function encodeXftpClientHandshake(
  handshake: XftpClientHandshake,
): Uint8Array {
  return packBlock((writer) =>
    writer.u16(handshake.version).short(handshake.fingerprint)
  );
}

/** The client's handshake; `undefined` when the block is not one. */
export function decodeXftpClientHandshake(
  block: Uint8Array,
): XftpClientHandshake | undefined {
  const content = contentOf(block);
  return content && decode(content, (reader) => ({
    version: reader.u16(),
    fingerprint: reader.short(),
  }), { partial: true });
}

/** A block with an error in place of an answer of the relay: 16384 bytes. */
export function encodeXftpHandshakeError(error: XftpError): Uint8Array {
  return packBlock((writer) => writeXftpError(writer, error));
}

/**
 * The error in the answer to a client's handshake; `undefined` when the block
 * is not one.
 */
export function decodeXftpHandshakeError(
  block: Uint8Array,
): XftpError | undefined {
  const content = contentOf(block);
  return content && decodeError(content)?.error;
}

/**
 * What the relay signs with its certificate's key to prove to a browser who it
 * is.
 */
export function webIdentityMessage(
  webChallenge: Uint8Array,
  sessionId: Uint8Array,
): Uint8Array {
  return concatBytes(webChallenge, sessionId);
}

function decodeError(content: Uint8Array): { error: XftpError } | undefined {
  return decode(content, (reader) => ({ error: readXftpError(reader) }));
}

function packBlock(write: (writer: Writer) => unknown): Uint8Array {
  const block = new Uint8Array(XFTP_BLOCK_SIZE);
  const writer = Writer.into(block.subarray(PADDING_OVERHEAD));
  write(writer);
  padInPlace(block, writer.length);
  return block;
}

function contentOf(block: Uint8Array): Uint8Array | undefined {
  return block.length === XFTP_BLOCK_SIZE ? unpad(block) : undefined;
}
