/**
 * The TLS contexts of a listener: the usual one, one for browsers, and one for
 * clients that only look at a certificate. The latter two can change while the
 * listener runs.
 *
 * @module
 */

import type { ClientHello } from "./client_hello.ts";
import { TlsContext, type TlsContextOptions } from "./context.ts";

/** Handshakes that may be using a context. */
type Handshakes = Iterable<Promise<unknown>>;

/** Contexts of a listener, which frees them. */
export class Contexts {
  readonly usual: TlsContext;
  #web: TlsContext | undefined;
  #special:
    | { readonly protocol: string; readonly context: TlsContext }
    | undefined;
  /** Protocols that were ever shown a certificate of their own. */
  readonly #handshakeAlone = new Set<string>();
  /** No longer chosen, but handshakes may use them. */
  readonly #old = new Set<TlsContext>();

  constructor(usual: TlsContext) {
    this.usual = usual;
  }

  /** Another one for clients with a server name, or none. */
  useWeb(
    web: Pick<TlsContextOptions, "credentials" | "alpn"> | undefined,
    handshakes: Handshakes = [],
  ): void {
    const context = web && new TlsContext("server", { ...web, web: true });
    this.#retire(this.#web, handshakes);
    this.#web = context;
  }

  /** Another one for clients that offer this protocol alone, or none. */
  useForProtocol(
    protocol: string,
    credentials: TlsContextOptions["credentials"],
    handshakes: Handshakes = [],
  ): void {
    const context = credentials && new TlsContext("server", {
      credentials,
      alpn: [protocol],
      web: true,
    });
    this.#retire(this.#special?.context, handshakes);
    this.#special = context && { protocol, context };
    if (context) this.#handshakeAlone.add(protocol);
  }

  /** Whether clients of this protocol want nothing but the handshake. */
  isForHandshakeAlone(protocol: string | undefined): boolean {
    return protocol !== undefined && this.#handshakeAlone.has(protocol);
  }

  /** Chooses by what a client says; `undefined` when there is no choice. */
  choice(): ((hello: ClientHello) => TlsContext | undefined) | undefined {
    const web = this.#web;
    const special = this.#special;
    if (web === undefined && special === undefined) return undefined;
    return ({ named, protocol }) =>
      special !== undefined && protocol === special.protocol
        ? special.context
        : named
        ? web
        : undefined;
  }

  /** Gives all of them back. */
  free(): void {
    const contexts = [this.usual, this.#web, this.#special?.context];
    for (const context of [...contexts, ...this.#old]) context?.free();
  }

  /** Frees a context when those who may have chosen it are done. */
  #retire(context: TlsContext | undefined, handshakes: Handshakes): void {
    if (context === undefined) return;
    this.#old.add(context);
    void Promise.allSettled(handshakes).then(() => {
      this.#old.delete(context);
      context.free();
    });
  }
}
