/**
 * A session with another relay, to which messages of all clients are
 * forwarded.
 *
 * @module
 */

import { type BoxKey, boxKey, randomBytes } from "../../crypto/mod.ts";
import { bytesKey } from "../../wire/mod.ts";
import {
  type Received,
  type SmpClient,
  SmpClientError,
} from "../client/mod.ts";
import { encodeSmpError } from "../error_codec.ts";
import type { BrokerError, SmpError } from "../errors.ts";
import type { Message } from "../messages.ts";
import { SmpVersion } from "../versions.ts";
import {
  decodeForwardResponse,
  encodeForward,
  type Forwarded,
} from "./forward_codec.ts";
import { Places } from "./places.ts";

/** How long a message may wait for its turn, in milliseconds. */
const TURN_TIMEOUT_MS = 15_000;

/** Largest answer for a client: 16226 bytes padded, and the tag of its box. */
const MAX_RESPONSE = 16242;

/** `ERR PROXY BROKER` with this error. */
export function brokerError(error: BrokerError): Message {
  return proxyError({ type: "BROKER", error });
}

/** `ERR PROXY` with this error. */
export function proxyError(
  error: (SmpError & { type: "PROXY" })["error"],
): Message {
  return { tag: "ERR", error: { type: "PROXY", error } };
}

/** How a relay is treated. */
export interface DestinationLimits {
  readonly own: boolean;
  /** Messages under way at a time. */
  readonly concurrency: number;
  /** See {@link DestinationOptions.silenceMs}. */
  readonly silenceMs: number;
}

/** A relay that is connected. */
export class Destination {
  /** Whether it is one of the owner's other relays. */
  readonly own: boolean;
  /** The session's ID as a key of maps (`bytesKey`). */
  readonly sessionName: string;
  /** When a client last wanted it, on the clock of `performance.now`. */
  lastUsed = performance.now();

  readonly #client: SmpClient;
  readonly #secret: BoxKey | undefined;
  readonly #places: Places;
  readonly #silenceMs: number;
  #listening: ReturnType<typeof setTimeout> | undefined;

  constructor(
    client: SmpClient,
    { own, concurrency, silenceMs }: DestinationLimits,
  ) {
    const { params, secret } = client.session;
    this.#client = client;
    this.#secret = secret && boxKey(secret);
    this.#places = new Places(concurrency);
    this.#silenceMs = silenceMs;
    this.own = own;
    this.sessionName = bytesKey(params.sessionId);
  }

  /** Whether no message is under way. */
  get idle(): boolean {
    return this.#places.taken === 0;
  }

  /** Resolves when the connection has ended. */
  get ended(): Promise<void> {
    return this.#client.ended;
  }

  /** Closes the connection. */
  close(): Promise<void> {
    return this.#client.close();
  }

  /**
   * The answer to `PRXY`: ID, versions and key of the session. The versions
   * are capped so that the destination learns as little as possible about the
   * app (`proxiedSMPRelayVRange`).
   */
  describe(): Message {
    this.lastUsed = performance.now();
    const { params, versions, signedRelayKey } = this.#client.session;
    const min = Math.max(versions.min, SmpVersion.proxy);
    const max = Math.min(versions.max, SmpVersion.notifierInNew);
    if (params.version < SmpVersion.proxy || min > max) {
      return brokerError({ type: "TRANSPORT", error: { type: "VERSION" } });
    }
    if (signedRelayKey === undefined) {
      return brokerError({ type: "TRANSPORT", error: { type: "NO_AUTH" } });
    }
    return {
      tag: "PKEY",
      sessionId: params.sessionId,
      versions: { min, max },
      key: signedRelayKey,
    };
  }

  /** Whether messages can be forwarded at all. */
  get canForward(): boolean {
    return this.#client.version >= SmpVersion.proxy;
  }

  /**
   * Forwards a message; the answer for the client is `PRES`, or an error.
   *
   * It is sent once. A connection that is lost before it was sent is
   * `NO_SESSION`, which makes apps ask for a new session and send again;
   * afterwards it may have been executed, and the client has to decide: that
   * is `BROKER NETWORK` or `BROKER TIMEOUT`.
   *
   * The fields of `forwarded` are not used any more once this has returned,
   * or are copied.
   */
  async forward(forwarded: Forwarded): Promise<Message> {
    this.lastUsed = performance.now();
    let own = forwarded;
    if (!this.#places.take()) {
      own = {
        ...forwarded,
        correlationId: forwarded.correlationId.slice(),
        key: forwarded.key.slice(),
        box: forwarded.box.slice(),
      };
      if (!await this.#places.wait(TURN_TIMEOUT_MS)) {
        return brokerError({ type: "TIMEOUT" });
      }
    }
    try {
      return await this.#send(own);
    } finally {
      this.#places.give();
      this.lastUsed = performance.now();
      if (this.idle) this.#stopListening();
    }
  }

  async #send(forwarded: Forwarded): Promise<Message> {
    const secret = this.#secret;
    if (secret === undefined) {
      return brokerError({ type: "TRANSPORT", error: { type: "NO_AUTH" } });
    }
    if (!this.#client.open) return proxyError({ type: "NO_SESSION" });
    const nonce = randomBytes(24);
    const content = encodeForward(forwarded, { secret, nonce });
    if (content === undefined) {
      return brokerError({ type: "TRANSPORT", error: { type: "LARGE_MSG" } });
    }
    this.#listening ??= this.#listen({ asked: false });
    try {
      const response = await this.#client.requestContent(nonce, content);
      return answerTo(response, { secret, nonce });
    } catch (error) {
      if (!(error instanceof SmpClientError)) throw error;
      const type = error.code === "timeout" ? "TIMEOUT" : "NETWORK";
      return brokerError({ type });
    }
  }

  /**
   * While messages are under way: whether anything comes at all. Routers forget
   * connections that were quiet, and neither end is told.
   */
  #listen({ asked }: { asked: boolean }): ReturnType<typeof setTimeout> {
    const since = performance.now();
    return setTimeout(() => {
      const silent = this.#client.lastReceived < since;
      if (silent && asked) {
        this.#client.abort();
        return;
      }
      // The answer matters, not what it says; without one this ends it.
      if (silent) {
        this.#client.request({ command: { tag: "PING" } })
          .catch(() => undefined);
      }
      this.#listening = this.#listen({ asked: silent });
    }, this.#silenceMs);
  }

  #stopListening(): void {
    clearTimeout(this.#listening);
    this.#listening = undefined;
  }
}

/** What the client is told of the response to `RFWD` (`smpProxyError`). */
function answerTo(
  { message, entityId, unreadable }: Received,
  box: { readonly secret: BoxKey; readonly nonce: Uint8Array },
): Message {
  if (message.tag === "ERR") {
    return unreadable
      ? brokerError({ type: "RESPONSE", message: errorText(message.error) })
      : proxyError({ type: "PROTOCOL", error: message.error });
  }
  if (message.tag !== "RRES" || entityId.length > 0) {
    return brokerError({ type: "UNEXPECTED", message: message.tag });
  }
  const response = decodeForwardResponse(message.response, box);
  if (response === "CRYPTO") return { tag: "ERR", error: { type: "CRYPTO" } };
  if (response === "BLOCK" || response.length > MAX_RESPONSE) {
    return brokerError({ type: "RESPONSE", message: "BLOCK" });
  }
  return { tag: "PRES", response };
}

function errorText(error: SmpError): string {
  return String.fromCharCode(...encodeSmpError(error).subarray(0, 255));
}
