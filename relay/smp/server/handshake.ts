/**
 * The relay's side of the SMP handshake (simplexmq 6.5.5,
 * `smpServerHandshake` in `Simplex.Messaging.Transport`).
 *
 * ```text
 * relay  -> client   versions, session ID, certificate chain, signed X25519 key
 * client -> relay    version, CA fingerprint, X25519 key, flags
 * ```
 * Both are padded blocks of 16,384 bytes. A client that wants another relay,
 * or a version the relay does not speak, is disconnected without a word.
 *
 * @module
 */

import {
  type BlockChain,
  dh,
  generateX25519,
  initBlockChains,
  pad,
  unpad,
} from "../../crypto/mod.ts";
import type { Identity } from "../../identity/mod.ts";
import type { BlockReader } from "../../transport/blocks.ts";
import type { Connection } from "../../transport/connection.ts";
import { equalBytes } from "../../wire/mod.ts";
import {
  decodeClientHello,
  encodeServerHello,
  encodeServiceResponse,
} from "../handshake_codec.ts";
import { versionsUpTo } from "../version_range.ts";
import {
  type TransmissionParams,
  transmissionParams,
} from "../transmission.ts";
import {
  BLOCK_SIZE,
  legacyVersions,
  SmpVersion,
  type VersionRange,
} from "../versions.ts";

/** What was agreed. */
export interface SmpSession {
  readonly params: TransmissionParams;
  /** The relay's X25519 key of this session. */
  readonly privateKey: Uint8Array;
  /** Secret with the client's key of this session, for forwarded commands. */
  readonly secret: Uint8Array | undefined;
  /** Keys of the encryption inside TLS, from version 11. */
  readonly encryption:
    | { readonly send: BlockChain; readonly receive: BlockChain }
    | undefined;
}

/** Does the handshake; `undefined` when the client did not do its part. */
export async function serverHandshake(
  connection: Connection,
  blocks: BlockReader,
  { identity, versions }: {
    identity: Identity;
    versions: VersionRange;
  },
): Promise<SmpSession | undefined> {
  const offered = connection.alpn === undefined ? legacyVersions : versions;
  const { publicKey, privateKey } = generateX25519();
  const { sessionId } = connection;
  const hello = pad(
    encodeServerHello({
      versions: offered,
      sessionId,
      key: {
        chain: identity.chain,
        signedKey: identity.signSessionKey(publicKey),
      },
    }),
    BLOCK_SIZE,
  );
  if (hello === undefined) {
    throw new Error("The certificate chain does not fit in a block");
  }
  connection.write(hello);
  const block = await blocks.next();
  const content = block && unpad(block);
  const answer = content && decodeClientHello(content);
  if (
    answer === undefined ||
    !equalBytes(answer.fingerprint, identity.fingerprint) ||
    versionsUpTo(offered, answer.version) === undefined
  ) return undefined;
  if (answer.service !== undefined) {
    // Services are not served; the client is told so and may come back without.
    const refusal = pad(
      encodeServiceResponse({
        error: { type: "HANDSHAKE", reason: "BAD_SERVICE" },
      }),
      BLOCK_SIZE,
    );
    if (refusal !== undefined) connection.write(refusal);
    return undefined;
  }
  const { version } = answer;
  const secret = answer.key && dh(answer.key, privateKey);
  const chains = secret !== undefined && !answer.proxyServer &&
      version >= SmpVersion.encryptedBlock
    ? initBlockChains(sessionId, secret)
    : undefined;
  return {
    params: transmissionParams(version, sessionId),
    privateKey,
    secret,
    encryption: chains &&
      { send: chains.serverToClient, receive: chains.clientToServer },
  };
}
