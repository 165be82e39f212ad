/**
 * The client's side of the SMP handshake (simplexmq 6.5.5,
 * `smpClientHandshake` in `Simplex.Messaging.Transport`).
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
import { checkChain, verifySignedKey } from "../../identity/mod.ts";
import type { BlockReader } from "../../transport/blocks.ts";
import type { Connection } from "../../transport/connection.ts";
import { equalBytes } from "../../wire/mod.ts";
import {
  decodeServerHello,
  decodeServiceResponse,
  encodeClientHello,
} from "../handshake_codec.ts";
import type { SignedSessionKey } from "../messages.ts";
import {
  type TransmissionParams,
  transmissionParams,
} from "../transmission.ts";
import { clientVersions } from "../version_range.ts";
import { BLOCK_SIZE, SmpVersion, type VersionRange } from "../versions.ts";
import { SmpClientError } from "./error.ts";
import {
  makeServiceHello,
  type ServiceCredentials,
  type ServiceSession,
  serviceSession,
} from "./service.ts";

/** What a client brings to the handshake. */
export interface ClientHandshakeOptions {
  /** SHA-256 of the relay's CA certificate, from its address. */
  readonly fingerprint: Uint8Array;
  /** Versions that the client speaks. */
  readonly versions: VersionRange;
  /** True for a relay that forwards messages for its clients. */
  readonly proxyServer?: boolean;
  /** False leaves the client's session key out, as a minimal client may. */
  readonly sessionKey?: boolean;
  /** Acts as this service, from version 16; TLS has its certificates too. */
  readonly service?: ServiceCredentials;
}

/** What was agreed. */
export interface ClientSession {
  readonly params: TransmissionParams;
  /** Versions of both ends. */
  readonly versions: VersionRange;
  /** The relay's X25519 key of this session; none before version 7. */
  readonly relayKey: Uint8Array | undefined;
  /** The same key as the relay sent it, for those who have to check it too. */
  readonly signedRelayKey: SignedSessionKey | undefined;
  /** Secret of that key and the client's; none when either has no key. */
  readonly secret: Uint8Array | undefined;
  readonly encryption:
    | { readonly send: BlockChain; readonly receive: BlockChain }
    | undefined;
  /** The service that the client is. */
  readonly service: ServiceSession | undefined;
}

/**
 * Does the handshake.
 *
 * @throws {SmpClientError} when the relay is another one than the address
 * says, speaks other versions, does not speak SMP, or refuses the service
 */
export async function clientHandshake(
  connection: Connection,
  blocks: BlockReader,
  options: ClientHandshakeOptions,
): Promise<ClientSession> {
  const block = await blocks.next();
  if (block === undefined) {
    throw new SmpClientError("closed", "The relay closed the connection");
  }
  // The relay's key is kept, so the block must be nobody else's.
  const content = unpad(block.slice());
  const hello = content && decodeServerHello(content);
  if (hello === undefined) {
    throw new SmpClientError("protocol", "This is not an SMP relay");
  }
  const { sessionId } = connection;
  if (!equalBytes(hello.sessionId, sessionId)) {
    throw new SmpClientError("session", "The TLS session is another one");
  }
  const versions = clientVersions(options.versions, hello.versions, {
    proxyServer: options.proxyServer ?? false,
  });
  if (versions === undefined) {
    throw new SmpClientError("version", "The relay speaks other versions");
  }
  const relayKey = hello.key && checkedKey(connection, options, hello.key);
  const version = versions.max;
  const keys = options.sessionKey === false ? undefined : generateX25519();
  const credentials = version >= SmpVersion.services
    ? options.service
    : undefined;
  const made = credentials && makeServiceHello(credentials);
  const answer = pad(
    encodeClientHello({
      version,
      fingerprint: options.fingerprint,
      key: keys?.publicKey,
      proxyServer: options.proxyServer ?? false,
      service: made?.hello,
    }),
    BLOCK_SIZE,
  );
  if (answer === undefined) throw new RangeError("Handshake is too large");
  connection.write(answer);
  let service: ServiceSession | undefined;
  if (credentials !== undefined && made !== undefined) {
    const response = await blocks.next();
    if (response === undefined) {
      throw new SmpClientError("closed", "The relay closed the connection");
    }
    const content = unpad(response);
    service = serviceSession(
      credentials,
      content && decodeServiceResponse(content),
      made.key,
    );
  }
  const secret = relayKey && keys && dh(relayKey, keys.privateKey);
  const chains = secret && !options.proxyServer &&
      version >= SmpVersion.encryptedBlock
    ? initBlockChains(sessionId, secret)
    : undefined;
  return {
    params: transmissionParams(version, sessionId),
    versions,
    relayKey,
    signedRelayKey: hello.key,
    secret,
    encryption: chains &&
      { send: chains.clientToServer, receive: chains.serverToClient },
    service,
  };
}

/** The relay's session key, if the identity in the address vouches for it. */
function checkedKey(
  connection: Connection,
  { fingerprint }: ClientHandshakeOptions,
  { chain, signedKey }: {
    readonly chain: readonly Uint8Array[];
    readonly signedKey: Uint8Array;
  },
): Uint8Array {
  const validity = checkChain(chain, fingerprint);
  const leaf = connection.peerCertificates[0];
  const key = leaf && validity === "valid"
    ? verifySignedKey(leaf, signedKey)
    : undefined;
  if (key === undefined) {
    throw new SmpClientError(
      "identity",
      "The relay is not the one in the address: its certificate is another one",
    );
  }
  return key;
}
