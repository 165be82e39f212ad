/**
 * Asks one directory, which is known by its fingerprint.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  connectHttp1,
  HTTP1_ALPN,
  type Http1Answer,
  type Http1Client,
  Http1Error,
} from "../../relay/http1/mod.ts";
import {
  checkChain,
  fingerprintText,
  type Identity,
} from "../../relay/identity/mod.ts";
import { dialTls, TlsError } from "../../relay/transport/mod.ts";
import { fromBase64Url, toBase64Url } from "../../relay/wire/mod.ts";
import type { CoreAddress } from "../../tunnel/core_address.ts";
import type { Params, Receipt, SyncPage } from "../api/mod.ts";
import type { RelayHistory } from "../api/mod.ts";
import type { Role, SignedDescriptor } from "../descriptor/mod.ts";
import { verifyDescriptorText } from "../descriptor/mod.ts";
import {
  encodeRelayRequest,
  type HeartbeatNumbers,
  type RequestContent,
  solveWork,
} from "../protocol/mod.ts";
import { DirectoryError, type DirectoryErrorKind } from "./error.ts";
import {
  problemOf,
  readHistory,
  readParams,
  readReceipt,
  readRelayList,
  readSyncPage,
} from "./read.ts";

/** How a client asks. */
export interface DirectoryClientOptions {
  /** Time for each step of an exchange, ms; default 15 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What every signed request carries; see `protocol/request.ts`. */
export interface Signing {
  readonly identity: Pick<Identity, "fingerprint" | "sign">;
  /** Higher than in any request before. */
  readonly sequence: number;
  /** Random, new at each start of the relay: 8 bytes. */
  readonly instance: Uint8Array;
}

/** What relays are looked for. */
export interface RelayQuery {
  readonly role?: Role;
  readonly region?: string;
  readonly minScore?: number;
  readonly count?: number;
}

const TIMEOUT_MS = 15_000;
/** A registration waits for the directory's call-back. */
const REGISTER_MS = 90_000;
/** Zero bits of work that a relay does at most: some minutes. */
const MAX_WORK_BITS = 26;

/** A directory. Its connection is kept between requests. */
export class DirectoryClient implements AsyncDisposable {
  readonly address: CoreAddress;
  readonly #options: DirectoryClientOptions;
  #http: Http1Client | undefined;

  constructor(address: CoreAddress, options: DirectoryClientOptions = {}) {
    this.address = address;
    this.#options = options;
  }

  /** @throws {DirectoryError} */
  async params(): Promise<Params> {
    return this.#read(await this.#get("/v1/params"), readParams);
  }

  /**
   * Does the work that the directory asks for, and registers.
   *
   * @throws {DirectoryError}
   * @throws the reason of the signal
   */
  async register(
    descriptor: SignedDescriptor,
    signing: Signing,
  ): Promise<Receipt> {
    const { work } = await this.params();
    const nonce = fromBase64Url(work.nonce);
    if (nonce?.length !== 16 || work.bits > MAX_WORK_BITS) {
      throw new DirectoryError(
        "refused",
        "The directory asks for more work than is reasonable.",
      );
    }
    const { fingerprint } = signing.identity;
    const directory = this.address.fingerprint;
    const counter = await solveWork(
      { directory, fingerprint, nonce },
      work.bits,
      this.#options,
    );
    return await this.#send("/v1/register", {
      type: "register",
      descriptor: descriptor.bytes,
      nonce,
      counter,
    }, signing);
  }

  /**
   * Tells that the relay is there.
   *
   * @throws {DirectoryError}
   */
  heartbeat(
    content: {
      /** When it has changed, or will soon run out. */
      readonly descriptor?: SignedDescriptor;
      readonly full: boolean;
      readonly numbers: HeartbeatNumbers;
    },
    signing: Signing,
  ): Promise<Receipt> {
    const descriptor = content.descriptor?.bytes;
    return this.#send(
      "/v1/heartbeat",
      { type: "heartbeat", ...content, descriptor },
      signing,
    );
  }

  /**
   * Tells that the relay will leave at `at`, seconds since 1970.
   *
   * @throws {DirectoryError}
   */
  leave(at: number, signing: Signing): Promise<Receipt> {
    return this.#send("/v1/leave", { type: "leave", at }, signing);
  }

  /**
   * Vouches for another relay.
   *
   * @throws {DirectoryError}
   */
  invite(guest: Uint8Array, signing: Signing): Promise<Receipt> {
    return this.#send("/v1/invite", { type: "invite", guest }, signing);
  }

  /**
   * Relays for this query, each with its own words, which are verified; what
   * does not verify is left out.
   *
   * @throws {DirectoryError}
   */
  async relays(query: RelayQuery = {}): Promise<SignedDescriptor[]> {
    const search = new URLSearchParams();
    if (query.role !== undefined) search.set("role", query.role);
    if (query.region !== undefined) search.set("region", query.region);
    if (query.minScore !== undefined) {
      search.set("min_score", String(query.minScore));
    }
    if (query.count !== undefined) search.set("count", String(query.count));
    const answer = await this.#get(`/v1/relays?${search}`);
    return this.#read(answer, readRelayList).map((text) =>
      verifyDescriptorText(text)
    ).filter((each) => typeof each === "object");
  }

  /** @throws {DirectoryError} */
  async history(fingerprint: Uint8Array): Promise<RelayHistory> {
    const name = encodeURIComponent(fingerprintText(fingerprint));
    const answer = await this.#get(`/v1/relays/${name}/history`);
    return this.#read(answer, readHistory);
  }

  /** @throws {DirectoryError} */
  async sync(cursor: string): Promise<SyncPage> {
    const search = new URLSearchParams({ cursor });
    return this.#read(await this.#get(`/v1/sync?${search}`), readSyncPage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http?.[Symbol.asyncDispose]();
  }

  async #send(
    target: string,
    content: RequestContent,
    { identity, sequence, instance }: Signing,
  ): Promise<Receipt> {
    const head = { directory: this.address.fingerprint, sequence, instance };
    const request = toBase64Url(encodeRelayRequest(content, head, identity));
    const answer = await this.#ask({
      method: "POST",
      target,
      body: JSON.stringify({ request }),
    });
    return this.#read(answer, readReceipt);
  }

  #get(target: string): Promise<Http1Answer> {
    return this.#ask({ method: "GET", target });
  }

  async #ask(
    request: { method: string; target: string; body?: string },
  ): Promise<Http1Answer> {
    const kept = this.#http?.open === true;
    try {
      return await (await this.#connected()).request(request);
    } catch (cause) {
      this.#options.signal?.throwIfAborted();
      if (!(cause instanceof Http1Error)) throw cause;
      // The directory had closed the connection in the meantime.
      if (kept && cause.kind === "closed") return await this.#ask(request);
      throw new DirectoryError(
        cause.kind === "protocol" || cause.kind === "too large"
          ? "protocol"
          : "unreachable",
        `The directory did not answer: ${cause.message}`,
        { cause },
      );
    }
  }

  async #connected(): Promise<Http1Client> {
    if (this.#http?.open) return this.#http;
    const { hosts, port, fingerprint } = this.address;
    const { timeoutMs = TIMEOUT_MS, signal } = this.#options;
    let cause: unknown;
    for (const host of (await Promise.all(hosts.map(addressesOf))).flat()) {
      signal?.throwIfAborted();
      try {
        const connection = await dialTls(host, port, {
          alpn: [HTTP1_ALPN],
          connectTimeoutMs: timeoutMs,
          handshakeTimeoutMs: timeoutMs,
          signal,
        });
        const fault = checkChain(connection.peerCertificates, fingerprint, {
          ignoreTime: true,
        });
        if (fault === "valid") {
          return this.#http = connectHttp1(connection, {
            host: hosts[0].includes(":") ? `[${hosts[0]}]` : hosts[0],
            timeoutMs: Math.max(timeoutMs, REGISTER_MS),
          });
        }
        connection.abort();
        cause = new Error(`Another machine answers there (${fault})`);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TlsError)) throw error;
        cause = error;
      }
    }
    throw new DirectoryError(
      "unreachable",
      "The directory cannot be reached.",
      { cause },
    );
  }

  #read<T>(answer: Http1Answer, read: (value: unknown) => T | undefined): T {
    const value = jsonOf(answer.body);
    if (answer.status !== 200) throw errorOf(answer, value);
    const result = read(value);
    if (result !== undefined) return result;
    throw new DirectoryError(
      "protocol",
      "The directory's answer is malformed.",
    );
  }
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // No such name, or no network: what other hosts there are may do.
    return [];
  }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function errorOf({ status, fields }: Http1Answer, value: unknown) {
  const problem = problemOf(value);
  const seconds = fields.get("retry-after") ?? "";
  const retryAfter = /^\d{1,7}$/.test(seconds) ? Number(seconds) : undefined;
  return new DirectoryError(
    kindOf(status, problem.error),
    problem.message,
    { ...problem, retryAfter },
  );
}

function kindOf(status: number, code: string): DirectoryErrorKind {
  if (status === 401) return "stop";
  if (status === 429 || status >= 500) return "later";
  if (code === "stale") return "stale";
  if (code === "unknown") return "unknown";
  return status >= 400 ? "refused" : "protocol";
}
