/**
 * DNS over TCP (RFC 7766): each message has its length before it.
 *
 * ```text
 * length (2, big-endian) | message
 * ```
 *
 * @module
 */

/** Connections at a time; when one more comes, the oldest is closed. */
const MAX_CONNECTIONS = 200;
/** Connections of one address at a time. */
const MAX_OF_ADDRESS = 16;
/** Questions of one connection. */
const MAX_QUESTIONS = 1000;
/** Time for the next question, and for the answer to be taken, ms. */
const IDLE_MS = 10_000;
/** Longest question: a name and a few options. */
const MAX_QUESTION = 4096;
/** Pause after the system has refused to accept, ms. */
const ACCEPT_PAUSE_MS = 100;

/** Options of {@link TcpService}. */
export interface TcpServiceOptions {
  /** The answer to a question; `undefined` ends the connection. */
  readonly answer: (message: Uint8Array) => Uint8Array | undefined;
}

/** Listens and answers until `stop`. */
export class TcpService {
  readonly #options: TcpServiceOptions;
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #connections = new Map<Deno.TcpConn, Promise<void>>();
  /** Connections by address, only while they are there. */
  readonly #addresses = new Map<string, number>();
  readonly #loops: Promise<void>[] = [];
  #stopping = false;

  constructor(options: TcpServiceOptions) {
    this.#options = options;
  }

  /** Port of the first address; 0 before there is one. */
  get port(): number {
    return this.#listeners.length > 0 ? this.#listeners[0].addr.port : 0;
  }

  /**
   * Listens on one more address; returns the port. `undefined`: this address
   * is covered by another (an IPv6 socket that takes IPv4 as well), or this
   * machine has no such family.
   *
   * @throws {Error} of the system when the port is taken or not allowed
   */
  listen(hostname: string, port: number): number | undefined {
    let listener: Deno.TcpListener;
    try {
      listener = Deno.listen({ hostname, port });
    } catch (error) {
      const covered = error instanceof Deno.errors.AddrInUse &&
        hostname === "0.0.0.0" && this.#listensEverywhere(port);
      if (covered) return port;
      const noFamily = error instanceof Deno.errors.AddrNotAvailable ||
        (error instanceof Error && /os error 97\b/.test(error.message));
      if (noFamily && hostname.includes(":")) return undefined;
      throw error;
    }
    this.#listeners.push(listener);
    this.#loops.push(this.#accept(listener));
    return listener.addr.port;
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections.keys()) closeQuietly(connection);
    await Promise.all([...this.#loops, ...this.#connections.values()]);
  }

  #listensEverywhere(port: number): boolean {
    return this.#listeners.some(({ addr }) =>
      addr.hostname === "::" && addr.port === port
    );
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    while (!this.#stopping) {
      try {
        const connection = await listener.accept();
        this.#begin(connection);
      } catch {
        if (this.#stopping) return;
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  #begin(connection: Deno.TcpConn): void {
    const address = connection.remoteAddr.hostname;
    const others = this.#addresses.get(address) ?? 0;
    if (others >= MAX_OF_ADDRESS) {
      closeQuietly(connection);
      return;
    }
    const [oldest] = this.#connections.keys();
    if (this.#connections.size >= MAX_CONNECTIONS) {
      this.#connections.delete(oldest);
      closeQuietly(oldest);
    }
    this.#addresses.set(address, others + 1);
    const served = this.#serve(connection).finally(() => {
      this.#connections.delete(connection);
      closeQuietly(connection);
      const left = (this.#addresses.get(address) ?? 1) - 1;
      if (left > 0) this.#addresses.set(address, left);
      else this.#addresses.delete(address);
    });
    this.#connections.set(connection, served);
  }

  /** Never rejects. */
  async #serve(connection: Deno.TcpConn): Promise<void> {
    const timer = new Deadline(() => closeQuietly(connection));
    try {
      for (let count = 0; count < MAX_QUESTIONS; count++) {
        timer.begin();
        const question = await receive(connection);
        if (question === undefined) return;
        const answer = this.#options.answer(question);
        if (answer === undefined) return;
        const framed = new Uint8Array(2 + answer.length);
        framed[0] = answer.length >> 8;
        framed[1] = answer.length;
        framed.set(answer, 2);
        for (let at = 0; at < framed.length;) {
          at += await connection.write(framed.subarray(at));
        }
      }
    } catch {
      // It has gone, or took too long: it is closed in either case.
    } finally {
      timer.end();
    }
  }
}

/** Calls `onLate` when `begin` was not called again in time. */
class Deadline {
  readonly #onLate: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onLate: () => void) {
    this.#onLate = onLate;
  }

  begin(): void {
    this.end();
    this.#timer = setTimeout(this.#onLate, IDLE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function receive(
  connection: Deno.TcpConn,
): Promise<Uint8Array | undefined> {
  const head = new Uint8Array(2);
  if (!await fill(connection, head)) return undefined;
  const size = head[0] << 8 | head[1];
  if (size > MAX_QUESTION) return undefined;
  const message = new Uint8Array(size);
  return await fill(connection, message) ? message : undefined;
}

async function fill(
  connection: Deno.TcpConn,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  for (let filled = 0; filled < buffer.length;) {
    const size = await connection.read(buffer.subarray(filled));
    if (size === null) return false;
    filled += size;
  }
  return true;
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It was closed before.
  }
}
