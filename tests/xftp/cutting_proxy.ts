/** A way to a relay that breaks when it is told to. */
export class CuttingProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: number;
  readonly #connections = new Set<Deno.Conn>();
  readonly #running: Promise<void>;
  #left = Infinity;

  constructor(target: number) {
    this.#target = target;
    this.#running = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Breaks all connections after so many more bytes; later ones last. */
  cutAfter(bytes: number): void {
    this.#left = bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#cut();
    await this.#running;
  }

  async #accept(): Promise<void> {
    const pumps: Promise<void>[] = [];
    for await (const near of this.#listener) {
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#target,
      });
      for (const connection of [near, far]) {
        connection.setNoDelay(true);
        this.#connections.add(connection);
      }
      pumps.push(this.#pump(near, far), this.#pump(far, near));
    }
    await Promise.all(pumps);
  }

  async #pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        this.#left -= count;
        if (this.#left <= 0) {
          this.#left = Infinity;
          this.#cut();
        }
        for (let done = 0; done < count;) {
          done += await to.write(buffer.subarray(done, count));
        }
      }
    } catch {
      // Cut, by us or by an end that went away.
    }
    this.#close(from);
    this.#close(to);
  }

  #cut(): void {
    for (const connection of this.#connections) this.#close(connection);
  }

  #close(connection: Deno.Conn): void {
    if (this.#connections.delete(connection)) connection.close();
  }
}
