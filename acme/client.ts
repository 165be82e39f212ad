/**
 * A client of certificate authorities that speak ACME (RFC 8555), with
 * profiles, IP addresses (RFC 8738) and renewal information (RFC 9773).
 *
 * @module
 */

import { AcmeError } from "./error.ts";
import type { Identifier } from "./identifier.ts";
import type { AccountKey } from "./jws.ts";
import { AcmeHttp, type AcmeResponse } from "./transport.ts";

/** What a CA offers (RFC 8555, 7.1.1). */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  /** Where it tells when to renew. */
  readonly renewalInfo: string | undefined;
  /** Names of the profiles that certificates can have. */
  readonly profiles: readonly string[];
}

/** Ways to prove that a name is ours. */
export type ChallengeType = "http-01" | "tls-alpn-01" | "dns-01";

/** One way that the CA offers for one name. */
export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly token: string;
}

/** One name of an order. */
export interface Authorization {
  readonly url: string;
  readonly status: string;
  readonly identifier: Identifier;
  readonly wildcard: boolean;
  readonly challenges: readonly Challenge[];
  /** What the CA found wrong with a challenge. */
  readonly problem: string | undefined;
}

/** An order for a certificate. */
export interface Order {
  readonly url: string;
  readonly status: string;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly replaces: string | undefined;
  readonly problem: string | undefined;
}

/** What is ordered. */
export interface OrderRequest {
  readonly identifiers: readonly Identifier[];
  readonly profile?: string;
  /** Renewal name of the certificate that this one takes the place of. */
  readonly replaces?: string;
}

/** When to renew, as the CA would like it. Milliseconds since 1970. */
export interface RenewalWindow {
  readonly start: number;
  readonly end: number;
  /** Where it says why, if it is out of the ordinary. */
  readonly explanation: string | undefined;
  /** When to ask again. */
  readonly askAgainMs: number;
}

/** How {@link AcmeClient} reaches its CA. */
export interface AcmeClientOptions {
  /** URL of the CA's directory. */
  readonly directory: string;
  readonly key: AccountKey;
  /** URL of the account, if it is known. */
  readonly account?: string;
  /** Certificates (PEM) of a CA of one's own. */
  readonly trust?: string;
  readonly signal?: AbortSignal;
}

const ERROR = "urn:ietf:params:acme:error:";
/** Tries with a fresh nonce (RFC 8555, 6.5). */
const NONCE_TRIES = 12;
/** Longest wait for an order or a challenge, and bounds of a pause, ms. */
const POLL_MS = 120_000;
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 10_000;
/** Bounds of the time until renewal information is asked for again, ms. */
const MIN_ASK_MS = 60_000;
const MAX_ASK_MS = 86_400_000;
const DEFAULT_ASK_MS = 6 * 3_600_000;

/** A session with a certificate authority. */
export class AcmeClient implements Disposable {
  readonly #http: AcmeHttp;
  readonly #key: AccountKey;
  readonly #signal: AbortSignal | undefined;
  readonly #directoryUrl: string;
  readonly #nonces: string[] = [];
  #directory: Directory | undefined;
  #account: string | undefined;

  constructor(options: AcmeClientOptions) {
    this.#http = new AcmeHttp(options);
    this.#key = options.key;
    this.#signal = options.signal;
    this.#directoryUrl = options.directory;
    this.#account = options.account;
  }

  /** What the CA offers; asked once. */
  async directory(): Promise<Directory> {
    if (this.#directory !== undefined) return this.#directory;
    const response = await this.#http.ask(this.#directoryUrl);
    if (response.status !== 200) throw problemOf(response);
    const it = objectOf(response);
    const meta = recordOf(it.meta);
    this.#directory = {
      newNonce: textOf(it.newNonce),
      newAccount: textOf(it.newAccount),
      newOrder: textOf(it.newOrder),
      renewalInfo: optionalText(it.renewalInfo),
      profiles: Object.keys(recordOf(meta.profiles)),
    };
    return this.#directory;
  }

  /** Makes the account, or finds that of this key; gives its URL. */
  async account({ contact }: { contact?: string } = {}): Promise<string> {
    const { newAccount } = await this.directory();
    this.#account = undefined;
    const response = await this.#post(newAccount, {
      termsOfServiceAgreed: true,
      ...contact === undefined ? {} : { contact: [`mailto:${contact}`] },
    });
    this.#account = locationOf(response);
    return this.#account;
  }

  /** Orders a certificate. */
  async order(
    { identifiers, profile, replaces }: OrderRequest,
  ): Promise<Order> {
    const { newOrder } = await this.directory();
    const response = await this.#post(newOrder, {
      identifiers,
      ...profile === undefined ? {} : { profile },
      ...replaces === undefined ? {} : { replaces },
    });
    return orderOf(response, locationOf(response));
  }

  /** One name of an order, as it stands. */
  async authorization(url: string): Promise<Authorization> {
    return authorizationOf(await this.#post(url, undefined), url);
  }

  /** Says that a proof is in place. */
  async ready({ url }: Challenge): Promise<void> {
    await this.#post(url, {});
  }

  /** Waits until the CA has looked at the proof of a name. */
  async proven(url: string): Promise<Authorization> {
    return await this.#poll(url, (response) => {
      const authorization = authorizationOf(response, url);
      return authorization.status === "pending" ? undefined : authorization;
    });
  }

  /**
   * Has the certificate made, of the DER of a request, and gives its chain as
   * PEM, leaf first.
   */
  async finalize(order: Order, request: Uint8Array): Promise<string> {
    const csr = request.toBase64({ alphabet: "base64url", omitPadding: true });
    await this.#post(order.finalize, { csr });
    const done = await this.#poll(order.url, (response) => {
      const now = orderOf(response, order.url);
      return now.status === "processing" || now.status === "ready" ||
          now.status === "pending"
        ? undefined
        : now;
    });
    if (done.status !== "valid" || done.certificate === undefined) {
      throw new AcmeError(
        "refused",
        `The CA made no certificate: ${done.problem ?? done.status}`,
      );
    }
    const { text } = await this.#post(done.certificate, undefined);
    if (!text.includes("-----BEGIN CERTIFICATE-----")) {
      throw new AcmeError(
        "protocol",
        "The CA sent something else than a certificate.",
      );
    }
    return text;
  }

  /** When to renew; `undefined` where the CA does not say. */
  async renewalWindow(id: string): Promise<RenewalWindow | undefined> {
    const { renewalInfo } = await this.directory();
    if (renewalInfo === undefined) return undefined;
    const response = await this.#http.ask(
      `${renewalInfo.replace(/\/$/, "")}/${id}`,
    );
    if (response.status !== 200) throw problemOf(response);
    const it = objectOf(response);
    const window = recordOf(it.suggestedWindow);
    const start = Date.parse(textOf(window.start));
    const end = Date.parse(textOf(window.end));
    if (!(end > start)) {
      throw new AcmeError(
        "protocol",
        "The CA's time to renew is not readable.",
      );
    }
    const askAgain = retryAfter(response.headers) ?? DEFAULT_ASK_MS;
    return {
      start,
      end,
      explanation: optionalText(it.explanationURL),
      askAgainMs: Math.min(Math.max(askAgain, MIN_ASK_MS), MAX_ASK_MS),
    };
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  /** A signed question; `undefined` only reads. A nonce that is old is renewed. */
  async #post(url: string, payload: unknown): Promise<AcmeResponse> {
    for (let tries = 1;; tries++) {
      const body = this.#key.sign(payload, {
        url,
        nonce: await this.#nonce(),
        account: this.#account,
      });
      const response = await this.#http.ask(url, { body });
      const nonce = response.headers.get("replay-nonce");
      if (nonce !== null) this.#nonces.push(nonce);
      if (response.status < 300) return response;
      const problem = problemOf(response);
      const isOld = problem.type === `${ERROR}badNonce`;
      if (!isOld || tries === NONCE_TRIES) throw problem;
    }
  }

  async #nonce(): Promise<string> {
    const kept = this.#nonces.pop();
    if (kept !== undefined) return kept;
    const { newNonce } = await this.directory();
    const { headers } = await this.#http.ask(newNonce, { method: "HEAD" });
    const nonce = headers.get("replay-nonce");
    if (nonce === null) {
      throw new AcmeError("protocol", "The CA gives no nonce.");
    }
    return nonce;
  }

  /** Reads until there is an answer, as often as the CA likes. */
  async #poll<T>(
    url: string,
    answer: (response: AcmeResponse) => T | undefined,
  ): Promise<T> {
    const end = performance.now() + POLL_MS;
    for (let pause = MIN_PAUSE_MS;; pause *= 1.5) {
      const response = await this.#post(url, undefined);
      const found = answer(response);
      if (found !== undefined) return found;
      const wait = Math.min(
        Math.max(retryAfter(response.headers) ?? pause, MIN_PAUSE_MS),
        MAX_PAUSE_MS,
      );
      if (performance.now() + wait > end) {
        throw new AcmeError("unreachable", "The CA takes too long.");
      }
      await delay(wait, this.#signal);
    }
  }
}

/** Waits; rejects with the signal's reason when that comes first. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** A problem document (RFC 7807) as an error. */
function problemOf(response: AcmeResponse): AcmeError {
  const it = parsed(response.text);
  const type = optionalText(it.type);
  const detail = optionalText(it.detail) ?? `status ${response.status}`;
  const isBusy = type === `${ERROR}rateLimited` || response.status === 429;
  const kind = isBusy
    ? "rate limited"
    : response.status >= 500
    ? "unreachable"
    : "refused";
  return new AcmeError(kind, `The CA answers: ${detail.slice(0, 400)}`, {
    type,
    retryAfterMs: retryAfter(response.headers),
  });
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function orderOf(response: AcmeResponse, url: string): Order {
  const it = objectOf(response);
  const { authorizations } = it;
  return {
    url,
    status: textOf(it.status),
    authorizations: Array.isArray(authorizations)
      ? authorizations.map(textOf)
      : [],
    finalize: textOf(it.finalize),
    certificate: optionalText(it.certificate),
    replaces: optionalText(it.replaces),
    problem: optionalText(recordOf(it.error).detail),
  };
}

function authorizationOf(response: AcmeResponse, url: string): Authorization {
  const it = objectOf(response);
  const { type, value } = recordOf(it.identifier);
  const challenges = (Array.isArray(it.challenges) ? it.challenges : [])
    .map(recordOf);
  const failed = challenges.map(({ error }) => recordOf(error).detail)
    .find((detail) => typeof detail === "string");
  return {
    url,
    status: textOf(it.status),
    identifier: { type: type === "ip" ? "ip" : "dns", value: textOf(value) },
    wildcard: it.wildcard === true,
    // Types that are not known here may have no token.
    challenges: challenges.flatMap(({ type, url, token }) =>
      typeof type === "string" && typeof url === "string" &&
        typeof token === "string" && /^[\w-]{1,512}$/.test(token)
        ? [{ type, url, token }]
        : []
    ),
    problem: optionalText(failed),
  };
}

function locationOf({ headers }: AcmeResponse): string {
  const location = headers.get("location");
  if (location !== null) return location;
  throw new AcmeError("protocol", "The CA does not say where its answer is.");
}

type Fields = Partial<Record<string, unknown>>;

function objectOf({ text }: AcmeResponse): Fields {
  const it = parsed(text);
  if (Object.keys(it).length > 0) return it;
  throw new AcmeError("protocol", "The CA's answer is not readable.");
}

function parsed(text: string): Fields {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return {}; // Some proxies answer in HTML.
  }
}

function recordOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new AcmeError("protocol", "The CA's answer is not readable.");
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
