/**
 * Asks another Porchlight to call back.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { formatAddress } from "../nat/mod.ts";
import { checkChain, type Identity } from "../relay/identity/mod.ts";
import type { RelayAddress } from "../relay/smp/mod.ts";
import {
  type Connection,
  dialTls,
  TlsError,
  wrapTls,
} from "../relay/transport/mod.ts";
import { readMessage } from "./frame.ts";
import {
  CALLBACK_ALPN,
  type CallbackOutcome,
  decodeAnswer,
  encodeRequest,
  MAX_ANSWER,
} from "./protocol.ts";
import { connectFrom } from "./socket_stream.ts";

/** Port of addresses that have none. */
const DEFAULT_PORT = 5223;
/** Time to connect, in milliseconds. */
const CONNECT_TIMEOUT_MS = 8_000;
/** Time for the answer: the answerer's own times, and the way. */
const ANSWER_TIMEOUT_MS = 20_000;

/** Why nobody has called back. */
export type CallbackErrorKind =
  /** The answerer cannot be reached, over this family. */
  | "no answerer"
  /** What answers there is another relay, or does not call back. */
  | "not an answerer"
  /** It answered what the protocol does not allow, or nothing. */
  | "no answer";

/** Nobody has called back; this says nothing about the path. */
export class CallbackError extends Error {
  override readonly name = "CallbackError";

  constructor(
    readonly kind: CallbackErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What to ask. */
export interface AskOptions {
  /** Who asks: the answerer looks for this identity. */
  readonly identity: Pick<Identity, "chain" | "sign">;
  /** Port outside. */
  readonly port: number;
  /** The family that is tried: the answerer is dialled over it. */
  readonly family: 4 | 6;
  /** Address of this machine to ask from; left out: the system's choice. */
  readonly localAddress?: string;
  readonly signal?: AbortSignal;
  /** Time to connect to the answerer, in milliseconds; default 8 s. */
  readonly connectTimeoutMs?: number;
}

/** What the answerer saw. */
export interface Called {
  readonly outcome: CallbackOutcome;
  /** The address that it sees this machine at. */
  readonly observed: string;
  readonly milliseconds: number;
}

/**
 * Asks `answerer` to connect to the address that it sees us at.
 *
 * @throws {CallbackError} when it cannot be asked or does not answer
 * @throws the reason of `signal`
 */
export async function askCallback(
  answerer: RelayAddress,
  options: AskOptions,
): Promise<Called> {
  const { signal } = options;
  await using connection = await reach(answerer, options);
  const onAbort = () => connection.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    connection.write(
      encodeRequest(options.port, options.identity, {
        answerer: answerer.fingerprint,
        sessionId: connection.sessionId,
      }),
    );
    const body = await readMessage(connection, {
      max: MAX_ANSWER,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    signal?.throwIfAborted();
    const answer = body && decodeAnswer(body);
    if (answer === undefined) {
      throw new CallbackError("no answer", "The relay did not call back");
    }
    return { ...answer, observed: formatAddress(answer.observed) };
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** A connection to the answerer, of which it is proven that it is the one. */
async function reach(
  { hosts, port, fingerprint }: RelayAddress,
  options: AskOptions,
): Promise<Connection> {
  const { signal } = options;
  let last: unknown;
  for (const host of await placesOf(hosts, options)) {
    signal?.throwIfAborted();
    let connection: Connection;
    try {
      connection = await dial(host, Number(port || DEFAULT_PORT), options);
    } catch (error) {
      signal?.throwIfAborted();
      last = error;
      continue;
    }
    const fits =
      checkChain(connection.peerCertificates, fingerprint) === "valid" &&
      connection.alpn === CALLBACK_ALPN;
    if (fits) return connection;
    connection.abort();
    throw new CallbackError(
      "not an answerer",
      "Another relay answers there, or one that does not call back",
    );
  }
  if (last instanceof TlsError && last.kind === "alpn") {
    throw new CallbackError(
      "not an answerer",
      "The relay there does not call back",
      { cause: last },
    );
  }
  throw new CallbackError(
    "no answerer",
    `The relay that calls back cannot be reached over IPv${options.family}`,
    { cause: last },
  );
}

async function dial(
  host: string,
  port: number,
  { localAddress, connectTimeoutMs = CONNECT_TIMEOUT_MS, signal }: AskOptions,
): Promise<Connection> {
  const tls = {
    alpn: [CALLBACK_ALPN],
    handshakeTimeoutMs: connectTimeoutMs,
    signal,
  };
  if (localAddress === undefined) {
    return await dialTls(host, port, { ...tls, connectTimeoutMs });
  }
  const late = AbortSignal.timeout(connectTimeoutMs);
  const stream = await connectFrom({
    host,
    port,
    localAddress,
    signal: signal === undefined ? late : AbortSignal.any([signal, late]),
  });
  return await wrapTls(stream, "client", tls);
}

/** Addresses of this family. Names are looked up by the system. */
async function placesOf(
  hosts: readonly string[],
  { family }: Pick<AskOptions, "family">,
): Promise<string[]> {
  const places = await Promise.all(
    hosts.filter((host) => !host.endsWith(".onion")).map(async (host) => {
      const kind = isIP(host);
      if (kind !== 0) return kind === family ? [host] : [];
      try {
        const found = await lookup(host, { family, all: true });
        return found.map(({ address }) => address);
      } catch {
        // No such name, or no address of this family.
        return [];
      }
    }),
  );
  return places.flat().slice(0, 4);
}
