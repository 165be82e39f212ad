/**
 * A way to a relay that can be held up or cut: TCP to TCP on loopback.
 *
 * @module
 */

/** Passes bytes on until it is paused. */
export class Route implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #to: number;
  readonly #sockets = new Set<Deno.TcpConn>();
  readonly #running: Promise<unknown>[] = [];
  #paused: Promise<void> | undefined;
  #resume: (() => void) | undefined;

  /** A way to port `to` of this machine. */
  constructor(to: number) {
    this.#to = to;
    this.#running.push(this.#accept());
  }

  /** Where it begins. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** What comes back from the far end stays on its way. */
  pause(): void {
    this.#paused = new Promise((resolve) => this.#resume = resolve);
  }

  /** It goes on. */
  resume(): void {
    this.#resume?.();
    this.#paused = undefined;
  }

  /** Cuts all connections; new ones can be made. */
  cut(): void {
    for (const socket of this.#sockets) close(socket);
    this.#sockets.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    this.resume();
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for (;;) {
      let near: Deno.TcpConn;
      try {
        near = await this.#listener.accept();
      } catch {
        return; // closed
      }
      const hostname = "127.0.0.1";
      const far = await Deno.connect({ hostname, port: this.#to }).catch(() =>
        undefined
      );
      if (far === undefined) {
        close(near);
        continue;
      }
      this.#sockets.add(near).add(far);
      this.#running.push(
        this.#pass(near, far, { held: false }),
        this.#pass(far, near, { held: true }),
      );
    }
  }

  async #pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    { held }: { held: boolean },
  ): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        if (held) await this.#paused;
        for (let sent = 0; sent < count;) {
          sent += await to.write(buffer.subarray(sent, count));
        }
      }
    } catch {
      // One of the ends was cut.
    }
    close(from);
    close(to);
  }
}

function close(socket: Deno.TcpConn): void {
  try {
    socket.close();
  } catch {
    // It was closed before.
  }
}
