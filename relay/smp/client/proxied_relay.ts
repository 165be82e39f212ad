/**
 * A relay that is reached through another one, as apps do for private message
 * routing (simplexmq 6.5.5, `connectSMPProxiedRelay` and `proxySMPCommand` in
 * `Simplex.Messaging.Client`).
 *
 * ```text
 * client -> proxy   PRXY address          proxy -> client   PKEY, see `PKEY`
 * client -> proxy   PFWD version, key, box(content of a block, to 16226)
 * proxy  -> client  PRES box(content of a block), the nonce backwards
 * ```
 * The boxes are between the client and the far relay: secret of the client's
 * key and the far relay's session key; nonce: the correlation ID of `PFWD`.
 *
 * @module
 */

import {
  boxKey,
  cbAuthenticate,
  cbDecrypt,
  cbEncrypt,
  dh,
  generateX25519,
  type PrivateAuthKey,
  randomBytes,
  reverseNonce,
  sign,
} from "../../crypto/mod.ts";
import { checkChain, verifySignedKey } from "../../identity/mod.ts";
import { EMPTY } from "../../wire/mod.ts";
import { packTransmissions } from "../batch.ts";
import type { RelayAddress } from "../commands.ts";
import type { SmpError } from "../errors.ts";
import type { Message } from "../messages.ts";
import {
  authorizeTransmission,
  decodeMessageTransmissions,
  encodeCommandTransmission,
  signedBytes,
  type TransmissionParams,
  transmissionParams,
} from "../transmission.ts";
import { commonVersions } from "../version_range.ts";
import { supportedVersions } from "../versions.ts";
import type { ClientRequest, SmpClient } from "./client.ts";
import { SmpClientError } from "./error.ts";

/** Padded size of a forwarded command (`paddedProxiedTLength`). */
const PADDED_COMMAND = 16226;

/** The proxy refused, or could not reach the far relay. */
export class ProxiedRelayError extends Error {
  override readonly name = "ProxiedRelayError";
  /** What the proxy answered. */
  readonly error: SmpError;

  constructor(error: SmpError) {
    super("The proxy did not pass the command on");
    this.error = error;
  }
}

/** Where the far relay is. */
export interface ProxiedRelayOptions {
  readonly relay: RelayAddress;
  /** Password of the proxy, not of the far relay. */
  readonly basicAuth?: Uint8Array;
  /**
   * False leaves `NO_SESSION` to the caller. Otherwise a new session is made
   * once, as the reference's agent does: the proxy forwarded nothing then.
   */
  readonly reopen?: boolean;
}

interface ProxiedSession {
  readonly sessionId: Uint8Array;
  readonly params: TransmissionParams;
  readonly relayKey: Uint8Array;
}

/** A far relay behind a proxy. */
export class ProxiedRelay {
  readonly #proxy: SmpClient;
  readonly #options: ProxiedRelayOptions;
  #session: ProxiedSession;

  private constructor(
    proxy: SmpClient,
    options: ProxiedRelayOptions,
    session: ProxiedSession,
  ) {
    this.#proxy = proxy;
    this.#options = options;
    this.#session = session;
  }

  /**
   * Asks `proxy` for its session with the far relay.
   *
   * @throws {ProxiedRelayError} when the proxy refuses or fails
   * @throws {SmpClientError} when the connection to the proxy fails, the far
   * relay has other versions, or is not the one in the address
   */
  static async open(
    proxy: SmpClient,
    options: ProxiedRelayOptions,
  ): Promise<ProxiedRelay> {
    return new ProxiedRelay(proxy, options, await openSession(proxy, options));
  }

  /** ID of the session between proxy and far relay. */
  get sessionId(): Uint8Array {
    return this.#session.sessionId;
  }

  /** Protocol version of what is forwarded. */
  get version(): number {
    return this.#session.params.version;
  }

  /**
   * Sends a command to the far relay; resolves with its response, which may be
   * `ERR`.
   *
   * @throws {ProxiedRelayError} when the proxy did not get a response; with
   * `PROXY NO_SESSION` the far relay did not get the command, otherwise it may
   * have
   * @throws {SmpClientError} when the connection to the proxy fails
   */
  async request(
    request: Omit<ClientRequest, "correlationId">,
  ): Promise<Message> {
    const session = this.#session;
    try {
      return await forward(this.#proxy, session, request);
    } catch (error) {
      if (!isNoSession(error) || this.#options.reopen === false) throw error;
      if (this.#session === session) {
        this.#session = await openSession(this.#proxy, this.#options);
      }
      return await forward(this.#proxy, this.#session, request);
    }
  }
}

function isNoSession(error: unknown): boolean {
  return error instanceof ProxiedRelayError && error.error.type === "PROXY" &&
    error.error.error.type === "NO_SESSION";
}

async function openSession(
  proxy: SmpClient,
  { relay, basicAuth }: ProxiedRelayOptions,
): Promise<ProxiedSession> {
  const answer = await proxy.request({
    command: { tag: "PRXY", relay, basicAuth },
  });
  if (answer.tag === "ERR") throw new ProxiedRelayError(answer.error);
  if (answer.tag !== "PKEY") throw unexpected();
  const versions = commonVersions(answer.versions, supportedVersions);
  if (versions === undefined) {
    throw new SmpClientError("version", "The far relay speaks other versions");
  }
  const { chain, signedKey } = answer.key;
  const relayKey = checkChain(chain, relay.fingerprint) === "valid"
    ? verifySignedKey(chain[0], signedKey)
    : undefined;
  if (relayKey === undefined) {
    throw new SmpClientError(
      "identity",
      "The far relay is not the one in the address",
    );
  }
  const sessionId = answer.sessionId.slice();
  return {
    sessionId,
    params: transmissionParams(versions.max, sessionId),
    relayKey,
  };
}

async function forward(
  proxy: SmpClient,
  { sessionId, params, relayKey }: ProxiedSession,
  { command, entityId = EMPTY, key }: Omit<ClientRequest, "correlationId">,
): Promise<Message> {
  const correlationId = randomBytes(24);
  const transmission = encodeCommandTransmission(params, {
    correlationId,
    entityId,
    command,
  });
  const bytes = key && authorization(key, relayKey, {
    nonce: correlationId,
    message: signedBytes(transmission),
  });
  const [batch] = packTransmissions([
    authorizeTransmission(params, transmission, bytes && { bytes }),
  ]);
  const own = generateX25519();
  const shared = dh(relayKey, own.privateKey);
  if (shared === undefined) {
    throw new SmpClientError("protocol", "The far relay has no usable key");
  }
  const secret = boxKey(shared);
  const box = batch.error === undefined
    ? cbEncrypt(batch.content, {
      secret,
      nonce: correlationId,
      paddedLength: PADDED_COMMAND,
    })
    : undefined;
  if (box === undefined) throw new RangeError("The command is too large");
  const answer = await proxy.request({
    command: {
      tag: "PFWD",
      version: params.version,
      key: own.publicKey,
      transmission: box,
    },
    entityId: sessionId,
    correlationId,
  });
  if (answer.tag === "ERR") throw new ProxiedRelayError(answer.error);
  if (answer.tag !== "PRES") throw unexpected();
  const nonce = reverseNonce(correlationId);
  const content = cbDecrypt(answer.response, { secret, nonce });
  const [inner] = content ? decodeMessageTransmissions(params, content) : [];
  if (inner === undefined) throw unexpected();
  return "error" in inner ? { tag: "ERR", error: inner.error } : inner.message;
}

function authorization(
  key: PrivateAuthKey,
  relayKey: Uint8Array,
  { nonce, message }: { nonce: Uint8Array; message: Uint8Array },
): Uint8Array {
  if (key.algorithm !== "x25519") return sign(message, key);
  const bytes = cbAuthenticate(
    { publicKey: relayKey, privateKey: key.raw },
    { nonce, message },
  );
  if (bytes === undefined) {
    throw new SmpClientError("protocol", "The far relay has no usable key");
  }
  return bytes;
}

function unexpected(): SmpClientError {
  return new SmpClientError("protocol", "The proxy said something unexpected");
}
