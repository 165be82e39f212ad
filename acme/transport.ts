/**
 * HTTP to a certificate authority: bounded in time and size, no redirects.
 *
 * @module
 */

import { AcmeError } from "./error.ts";

/** What a CA answered. */
export interface AcmeResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Longest answer, in bytes. */
const MAX_ANSWER = 1024 * 1024;
/** Longest time for one question, ms. */
const TIMEOUT_MS = 30_000;

/** A way to a certificate authority. */
export class AcmeHttp implements Disposable {
  readonly #client: Deno.HttpClient;
  readonly #signal: AbortSignal | undefined;

  /** `trust`: certificates (PEM) of a CA of one's own, beside the usual ones. */
  constructor(
    { trust, signal }: { trust?: string; signal?: AbortSignal } = {},
  ) {
    this.#client = Deno.createHttpClient(
      trust === undefined ? {} : { caCerts: [trust] },
    );
    this.#signal = signal;
  }

  /**
   * Asks; `body` is sent with POST.
   *
   * @throws {AcmeError} `unreachable` or `protocol`
   */
  async ask(
    url: string,
    { body, method = body === undefined ? "GET" : "POST" }: {
      body?: string;
      method?: "GET" | "HEAD" | "POST";
    } = {},
  ): Promise<AcmeResponse> {
    if (!url.startsWith("https://")) {
      throw new AcmeError("protocol", `This is no https address: ${url}`);
    }
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = this.#signal === undefined
      ? timeout
      : AbortSignal.any([timeout, this.#signal]);
    try {
      const response = await fetch(url, {
        client: this.#client,
        method,
        body,
        headers: {
          "user-agent": "porchlight",
          ...body === undefined
            ? {}
            : { "content-type": "application/jose+json" },
        },
        redirect: "manual",
        signal,
      });
      const text = await bounded(response);
      return { status: response.status, headers: response.headers, text };
    } catch (cause) {
      this.#signal?.throwIfAborted();
      if (cause instanceof AcmeError) throw cause;
      throw new AcmeError(
        "unreachable",
        `${new URL(url).host} cannot be reached (${reasonOf(cause)}).`,
        { cause },
      );
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

async function bounded(response: Response): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER) {
      throw new AcmeError("protocol", "The answer of the CA is too long.");
    }
    parts.push(part);
  }
  return await new Blob(parts).text();
}

/** The innermost cause says most; a wrong clock shows in certificates. */
function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) {
    inner = inner.cause;
  }
  const text = inner instanceof Error ? inner.message : String(inner);
  if (/NotValidYet|Expired/i.test(text)) {
    return "its certificate does not fit the clock of this machine, which may be wrong";
  }
  return text.slice(0, 200);
}
