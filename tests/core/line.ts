/**
 * A line between a relay and its core that tests can cut, or let fall silent.
 *
 * @module
 */

/** Passes TCP connections on to a port of this machine. */
export class Line implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #pairs = new Set<readonly Deno.TcpConn[]>();
  readonly #done: Promise<void>;
  readonly #visits = new Set<Promise<void>>();
  #silent = Promise.withResolvers<void>();
  #passed = 0;

  constructor(target: number) {
    this.#target = target;
    this.#silent.resolve();
    this.#done = this.#run();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Connections that came so far. */
  get passed(): number {
    return this.#passed;
  }

  /** Connections that are up. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Breaks what is up, or only the oldest; new ones pass. */
  cut({ oldest = false } = {}): void {
    for (const pair of this.#pairs) {
      for (const end of pair) closeQuietly(end);
      this.#pairs.delete(pair);
      if (oldest) return;
    }
  }

  /** Passes nothing on, and says nothing of it, until it is `loud` again. */
  silence(): { loud: () => void } {
    const silent = Promise.withResolvers<void>();
    this.#silent = silent;
    return { loud: () => silent.resolve() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#silent.resolve();
    this.#listener.close();
    this.cut();
    await this.#done;
    await Promise.all(this.#visits);
  }

  async #run(): Promise<void> {
    for await (const near of this.#listener) {
      this.#passed++;
      const visit = this.#join(near);
      this.#visits.add(visit);
      void visit.then(() => this.#visits.delete(visit));
    }
  }

  async #join(near: Deno.TcpConn): Promise<void> {
    let pair: Deno.TcpConn[] = [near];
    try {
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#target,
      });
      pair = [near, far];
      this.#pairs.add(pair);
      await Promise.all([this.#carry(near, far), this.#carry(far, near)]);
    } catch {
      // Nobody is there, or the connection broke.
    }
    this.#pairs.delete(pair);
    for (const end of pair) closeQuietly(end);
  }

  async #carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (;;) {
      const size = await from.read(buffer);
      await this.#silent.promise;
      if (size === null) break;
      for (let at = 0; at < size;) {
        at += await to.write(buffer.subarray(at, size));
      }
    }
    await to.closeWrite();
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It was closed before.
  }
}
