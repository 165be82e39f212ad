/**
 * The relay's side of the SMP handshake (simplexmq 6.5.5,
 * `smpServerHandshake` in `Simplex.Messaging.Transport`).
 *
 * ```text
 * relay  -> client   versions, session ID, certificate chain, signed X25519 key
 * client -> relay    version, CA fingerprint, X25519 key, flags, service
 * relay  -> client   only to services: service ID, or why it is refused
 * ```
 * All are padded blocks of 16,384 bytes. A client that wants another relay,
 * or a version the relay does not speak, is disconnected without a word.
 *
 * @module
 */

import {
  authKeyFromRaw,
  type BlockChain,
  dh,
  generateX25519,
  initBlockChains,
  pad,
  unpad,
} from "../../crypto/mod.ts";
import {
  certificateFingerprint,
  checkServiceChain,
  type Identity,
  identityCertificate,
  verifySignedKey,
} from "../../identity/mod.ts";
import type { BlockReader } from "../../transport/blocks.ts";
import type { Connection } from "../../transport/connection.ts";
import { equalBytes } from "../../wire/mod.ts";
import type { TransportError } from "../errors.ts";
import {
  decodeClientHello,
  encodeServerHello,
  encodeServiceResponse,
  type ServiceHello,
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
import { day } from "./context.ts";
import type { ClientService, Services } from "./services.ts";

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
  /** The service that the client is; its ID is to be released at the end. */
  readonly service: ClientService | undefined;
}

/** Does the handshake; `undefined` when the client did not do its part. */
export async function serverHandshake(
  connection: Connection,
  blocks: BlockReader,
  { identity, versions, services }: {
    identity: Identity;
    versions: VersionRange;
    services: Services;
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
  let service: ClientService | undefined;
  if (answer.service !== undefined) {
    const accepted = acceptService(connection, answer.service, services);
    writeServiceResponse(connection, accepted);
    if ("error" in accepted) return undefined;
    service = accepted.service;
  }
  const { version } = answer;
  const secret = answer.key && dh(answer.key, privateKey);
  const chains = secret !== undefined && !answer.proxyServer &&
      version >= SmpVersion.encryptedBlock
    ? initBlockChains(sessionId, secret)
    : undefined;
  return {
    params: transmissionParams(version, sessionId),
    service,
    privateKey,
    secret,
    encryption: chains &&
      { send: chains.serverToClient, receive: chains.clientToServer },
  };
}

/** What became of a client that wants to be a service. */
type ServiceVerdict =
  | { readonly service: ClientService }
  | { readonly error: TransportError };

/**
 * The client is the service whose certificates it shows both in TLS, where it
 * proves that it has their key, and here, with a session key that they sign.
 */
function acceptService(
  connection: Connection,
  { role, key: { chain, signedKey } }: ServiceHello,
  services: Services,
): ServiceVerdict {
  const certificates = connection.peerCertificates;
  const same = certificates.length === chain.length &&
    certificates.every((each, i) => equalBytes(each, chain[i]));
  const identity = identityCertificate(certificates);
  const key = same && checkServiceChain(certificates) === "valid"
    ? verifySignedKey(certificates[0], signedKey, { algorithm: "ed25519" })
    : undefined;
  if (key === undefined || identity === undefined) {
    return { error: { type: "HANDSHAKE", reason: "BAD_AUTH" } };
  }
  const certificateHash = certificateFingerprint(identity);
  const id = services.connect({
    role,
    certificateHash,
    certificates,
    createdDay: day(Date.now()),
  });
  if (id === undefined) {
    return { error: { type: "HANDSHAKE", reason: "BAD_SERVICE" } };
  }
  return {
    service: {
      id,
      role,
      certificateHash,
      key: authKeyFromRaw("ed25519", key),
    },
  };
}

function writeServiceResponse(
  connection: Connection,
  verdict: ServiceVerdict,
): void {
  const content = encodeServiceResponse(
    "error" in verdict ? verdict : { serviceId: verdict.service.id },
  );
  const block = pad(content, BLOCK_SIZE);
  if (block !== undefined) connection.write(block);
}
