/**
 * TLS listener: several addresses, one certificate (and one for browsers),
 * bounded in every number.
 *
 * What happens when it is full:
 * - Half-open connections are bounded by `maxHandshakes`. When one more comes,
 *   one is dropped: of those that have sent nothing and those that have sent
 *   something, the oldest of whichever are more. So a flood pushes out its own,
 *   and a client that goes on at once is served.
 * - At `maxConnections` open connections the newcomer is closed: nobody who is
 *   being served loses anything.
 *
 * No address of a peer is kept, or told but to who serves its connection, who
 * has to have a use for it (call-backs); failures are only counted.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Connection } from "./connection.ts";
import { TlsContext, type TlsContextOptions } from "./context.ts";
import { Contexts } from "./listener_contexts.ts";
import { performHandshake } from "./handshake.ts";
import { type ListenAddress, openSockets } from "./listen_sockets.ts";
import type { ByteStream } from "./stream.ts";
import type { ConnectionLimits, TlsConnection } from "./tls_connection.ts";
import { TlsError, type TlsErrorKind } from "./tls_error.ts";

/** What is known of a connection besides what it says itself. */
export interface ConnectionInfo {
  /** Port of this machine that it came to. */
  readonly port: number;
  /** IP address that it came from. */
  readonly peer: string;
}

/** Options of {@link listenTls}. */
export interface ListenTlsOptions
  extends Omit<TlsContextOptions, "web">, ConnectionLimits {
  readonly addresses: readonly ListenAddress[];
  /**
   * Serves one connection. When it returns or rejects, the connection is
   * closed; other connections do not notice.
   */
  readonly onConnection: (
    connection: Connection,
    info: ConnectionInfo,
  ) => void | Promise<void>;
  /**
   * Told what `onConnection` threw; default: it is only counted. Must not throw
   * itself.
   */
  readonly onHandlerError?: (error: unknown) => void;
  /** Open connections at a time; default 10,000. */
  readonly maxConnections?: number;
  /** Handshakes at a time; default 1,000. */
  readonly maxHandshakes?: number;
  /** Time for a TLS handshake in milliseconds; default 60 s. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Certificate and ALPN for clients that send a server name, which SimpleX
   * apps do not; left out: they get the same as all others.
   */
  readonly web?: WebContextOptions;
}

/** Certificate and ALPN for some clients. */
export type WebContextOptions = Pick<TlsContextOptions, "credentials" | "alpn">;

/** Numbers of a listener; those without a note count since its start. */
export interface TlsListenerStats {
  /** Connections open now. */
  readonly open: number;
  /** Handshakes in flight now. */
  readonly handshaking: number;
  /** TCP connections accepted. */
  readonly accepted: number;
  /** Handshakes that succeeded. */
  readonly established: number;
  /** Closed at once because `maxConnections` was reached. */
  readonly refused: number;
  /** Half-open connections dropped for a newer one. */
  readonly dropped: number;
  /** Handshakes that failed, by cause. */
  readonly failed: Readonly<Partial<Record<TlsErrorKind, number>>>;
  /** Times `onConnection` threw. */
  readonly handlerErrors: number;
  /** Times the system refused to accept (out of file descriptors). */
  readonly acceptErrors: number;
}

/** A listener that runs. */
export interface TlsListener extends AsyncDisposable {
  /** Where it listens, with the actual ports. */
  readonly addresses: readonly Required<ListenAddress>[];
  /** Numbers at this moment. */
  stats(): TlsListenerStats;
  /**
   * Listens on more addresses from now on.
   *
   * @throws {TlsError} `config` when one cannot be listened on; then none is
   */
  listenAlso(addresses: readonly ListenAddress[]): void;
  /**
   * Takes another certificate for clients with a server name; without one they
   * get the same as all others. Connections that are open stay as they are.
   *
   * @throws {TlsError} `config` when it cannot be used; then nothing changes
   */
  useWeb(web: WebContextOptions | undefined): void;
  /**
   * Shows another certificate to clients that offer this one protocol and no
   * other; without credentials to nobody any more. Their connections are closed
   * when the handshake is done, and nobody serves them.
   *
   * @throws {TlsError} `config` when it cannot be used; then nothing changes
   */
  useForProtocol(
    protocol: string,
    credentials: TlsContextOptions["credentials"],
  ): void;
  /**
   * Serves a client that came another way than through a port of this machine:
   * through a tunnel. It counts as any other. Resolves when it is over.
   */
  adopt(stream: ByteStream, info: ConnectionInfo): Promise<void>;
  /**
   * Accepts nothing more, breaks handshakes off and closes all connections;
   * those that have not said farewell after `deadlineMs` (default 500) are cut.
   */
  stop(options?: { deadlineMs?: number }): Promise<void>;
}

const DEFAULT_MAX_CONNECTIONS = 10_000;
const DEFAULT_MAX_HANDSHAKES = 1_000;
const DEFAULT_STOP_MS = 500;
/** Accepts before other work gets its turn. */
const ACCEPTS_AT_ONCE = 16;
/** Pause after the system has refused to accept. */
const ACCEPT_PAUSE_MS = 50;

/**
 * Listens on all addresses at once.
 *
 * @throws {TlsError} `config` when the certificate cannot be used or an address
 * cannot be listened on; then none is.
 */
export function listenTls(options: ListenTlsOptions): TlsListener {
  const { web } = options;
  const contexts = new Contexts(
    new TlsContext("server", { ...options, web: false }),
  );
  try {
    contexts.useWeb(web);
    return new Listener(contexts, openSockets(options.addresses), options);
  } catch (error) {
    contexts.free();
    throw error;
  }
}

/** A connection before the end of its handshake. */
interface HalfOpen {
  /** Ends it. */
  breakOff: (reason: unknown) => void;
  dropped: boolean;
}

class Listener implements TlsListener {
  readonly #contexts: Contexts;
  readonly #sockets: Deno.TcpListener[] = [];
  readonly #options: ListenTlsOptions;
  readonly #maxConnections: number;
  readonly #maxHandshakes: number;

  readonly #open = new Set<TlsConnection>();
  /** Both in order of arrival. */
  readonly #silent = new Set<HalfOpen>();
  readonly #speaking = new Set<HalfOpen>();
  readonly #loops: Promise<void>[] = [];
  readonly #handshakes = new Set<Promise<unknown>>();
  #stopping = false;
  #stopped: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  #accepted = 0;
  #established = 0;
  #refused = 0;
  #dropped = 0;
  #handlerErrors = 0;
  #acceptErrors = 0;
  readonly #failed: Partial<Record<TlsErrorKind, number>> = {};

  constructor(
    contexts: Contexts,
    sockets: readonly Deno.TcpListener[],
    options: ListenTlsOptions,
  ) {
    this.#contexts = contexts;
    this.#options = options;
    this.#maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
    this.#maxHandshakes = options.maxHandshakes ?? DEFAULT_MAX_HANDSHAKES;
    this.#accept(sockets);
  }

  get addresses(): readonly Required<ListenAddress>[] {
    return this.#sockets.map(({ addr }) => ({
      hostname: addr.hostname,
      port: addr.port,
    }));
  }

  listenAlso(addresses: readonly ListenAddress[]): void {
    if (!this.#stopping) this.#accept(openSockets(addresses));
  }

  useWeb(web: WebContextOptions | undefined): void {
    if (!this.#stopping) this.#contexts.useWeb(web, this.#handshakes);
  }

  useForProtocol(
    protocol: string,
    credentials: TlsContextOptions["credentials"],
  ): void {
    if (this.#stopping) return;
    this.#contexts.useForProtocol(protocol, credentials, this.#handshakes);
  }

  #accept(sockets: readonly Deno.TcpListener[]): void {
    for (const socket of sockets) {
      this.#sockets.push(socket);
      this.#loops.push(this.#acceptLoop(socket));
    }
  }

  stats(): TlsListenerStats {
    return {
      open: this.#open.size,
      handshaking: this.#silent.size + this.#speaking.size,
      accepted: this.#accepted,
      established: this.#established,
      refused: this.#refused,
      dropped: this.#dropped,
      failed: { ...this.#failed },
      handlerErrors: this.#handlerErrors,
      acceptErrors: this.#acceptErrors,
    };
  }

  stop(options: { deadlineMs?: number } = {}): Promise<void> {
    return this.#stopped ??= this.#stop(options.deadlineMs ?? DEFAULT_STOP_MS);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #acceptLoop(socket: Deno.TcpListener): Promise<void> {
    for (let turn = 1; !this.#stopping; turn++) {
      // While the backlog is full, accept never waits, and nothing would be
      // read: those who speak would be dropped among those who are silent.
      if (turn % ACCEPTS_AT_ONCE === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      let tcp: Deno.TcpConn;
      try {
        tcp = await socket.accept();
      } catch {
        if (this.#stopping) return;
        // Mostly out of file descriptors: half-open ones are the first to go.
        this.#acceptErrors++;
        this.#dropOldest();
        await this.#pause();
        continue;
      }
      try {
        tcp.setNoDelay(true);
      } catch {
        // It is gone already, which the handshake finds out.
      }
      const peer = tcp.remoteAddr.hostname;
      void this.adopt(tcp, { port: socket.addr.port, peer });
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ACCEPT_PAUSE_MS);
      this.#wake = done;
    });
  }

  #dropOldest(): void {
    const [oldest] = this.#silent.size > this.#speaking.size
      ? this.#silent
      : this.#speaking;
    if (oldest === undefined) return;
    this.#dropped++;
    this.#drop(oldest);
  }

  #drop(half: HalfOpen): void {
    this.#forget(half);
    half.dropped = true;
    half.breakOff(new TlsError("closed", "The listener dropped it"));
  }

  #forget(half: HalfOpen): void {
    this.#silent.delete(half);
    this.#speaking.delete(half);
  }

  /** One connection from accept to end. Never rejects. */
  async adopt(stream: ByteStream, info: ConnectionInfo): Promise<void> {
    this.#accepted++;
    if (this.#stopping || this.#open.size >= this.#maxConnections) {
      this.#refuse(stream);
      return;
    }
    const handshake = this.#handshake(stream);
    this.#handshakes.add(handshake);
    const connection = await handshake;
    this.#handshakes.delete(handshake);
    if (connection === undefined) return;
    if (this.#contexts.isForHandshakeAlone(connection.alpn)) {
      await connection.close();
      return;
    }
    try {
      await this.#options.onConnection(connection, info);
    } catch (error) {
      this.#handlerErrors++;
      this.#options.onHandlerError?.(error);
    } finally {
      await connection.close();
    }
  }

  #refuse(stream: ByteStream): void {
    this.#refused++;
    closeQuietly(stream);
  }

  async #handshake(stream: ByteStream): Promise<TlsConnection | undefined> {
    if (this.#silent.size + this.#speaking.size >= this.#maxHandshakes) {
      this.#dropOldest();
    }
    const half: HalfOpen = {
      breakOff: () => closeQuietly(stream),
      dropped: false,
    };
    this.#silent.add(half);
    try {
      const connection: TlsConnection = await performHandshake(
        stream,
        this.#contexts.usual,
        {
          chooseContext: this.#contexts.choice(),
          maxBuffered: this.#options.maxBuffered,
          stallTimeoutMs: this.#options.stallTimeoutMs,
          closeTimeoutMs: this.#options.closeTimeoutMs,
          handshakeTimeoutMs: this.#options.handshakeTimeoutMs,
          onStarted: (breakOff) => half.breakOff = breakOff,
          onFirstBytes: () => {
            if (this.#silent.delete(half)) this.#speaking.add(half);
          },
          onClosed: () => this.#open.delete(connection),
        },
      );
      if (this.#stopping || this.#open.size >= this.#maxConnections) {
        this.#refused++;
        connection.abort();
        return undefined;
      }
      // One that broke already would never be taken out again.
      if (!connection.open) throw new TlsError("closed", "The peer has gone");
      this.#open.add(connection);
      this.#established++;
      return connection;
    } catch (error) {
      closeQuietly(stream);
      // A dropped one was counted as such.
      if (!half.dropped) {
        const kind = error instanceof TlsError ? error.kind : "closed";
        this.#failed[kind] = (this.#failed[kind] ?? 0) + 1;
      }
      return undefined;
    } finally {
      this.#forget(half);
    }
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    for (const socket of this.#sockets) closeQuietly(socket);
    this.#wake?.();
    for (const half of [...this.#silent, ...this.#speaking]) this.#drop(half);
    const timer = setTimeout(() => {
      for (const connection of [...this.#open]) connection.abort();
    }, deadlineMs);
    await Promise.all(Array.from(this.#open, (each) => each.close()));
    clearTimeout(timer);
    await Promise.all([...this.#loops, ...this.#handshakes]);
    this.#contexts.free();
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It was closed before.
  }
}
