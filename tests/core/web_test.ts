import { match, ok, strictEqual } from "node:assert/strict";
import { connectHttp1 } from "../../relay/http1/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { eventually, exchange, makeWorld, startHome, visit } from "./world.ts";

/** Passes on only what looks like the web: TLS whose client says `http/1.1`. */
class WebOnly implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #visits = new Set<Promise<void>>();
  readonly #ends = new Set<Deno.TcpConn>();
  readonly #done: Promise<void>;
  passed = 0;
  refused = 0;

  constructor(target: number) {
    this.#done = this.#run(target);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const end of this.#ends) this.#close(end);
    await this.#done;
    await Promise.all(this.#visits);
  }

  async #run(target: number): Promise<void> {
    for await (const near of this.#listener) {
      this.#visits.add(this.#join(near, target));
    }
  }

  async #join(near: Deno.TcpConn, port: number): Promise<void> {
    this.#ends.add(near);
    const hello = new Uint8Array(4096);
    const size = await near.read(hello).catch(() => null) ?? 0;
    const text = new TextDecoder("latin1").decode(hello.subarray(0, size));
    if (!text.includes("http/1.1") || text.includes("porchlight")) {
      this.refused++;
      this.#close(near);
      return;
    }
    this.passed++;
    const far = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#ends.add(far);
    await far.write(hello.subarray(0, size));
    await Promise.all([
      near.readable.pipeTo(far.writable),
      far.readable.pipeTo(near.writable),
    ]).catch(() => {
      // One end has gone: so has the other.
    });
    this.#close(near);
    this.#close(far);
  }

  #close(end: Deno.TcpConn): void {
    this.#ends.delete(end);
    try {
      end.close();
    } catch {
      // It was closed before.
    }
  }
}

Deno.test("Where only the web gets out, a home's links go over WebSocket", async () => {
  await using world = await makeWorld();
  await using core = await world.core();
  await using web = new WebOnly(world.port);
  await using home = startHome(core, {
    identity: await world.identity("home"),
    dial: web.port,
  });
  const { lease, sources } = await home.until(({ links }) => links === 2);
  ok(web.refused >= 2);
  strictEqual(web.passed, 2);
  strictEqual(sources[0], "127.0.0.1");
  await using app = await visit(lease?.port ?? 0, home.identity);
  ok(await exchange(app, 1_000_000));
});

Deno.test("People who look at a core are told what it is", async () => {
  await using world = await makeWorld();
  await using _core = await world.core();
  for (const serverName of [undefined, "relays.test"]) {
    const connection = await dialTls("127.0.0.1", world.port, {
      alpn: ["http/1.1"],
      serverName,
    });
    await using client = connectHttp1(connection, { host: "relays.test" });
    const page = await client.request({ method: "GET", target: "/" });
    strictEqual(page.status, 200);
    match(new TextDecoder().decode(page.body), /Porchlight/);
    const none = await client.request({ method: "GET", target: "/tunnel" });
    strictEqual(none.status, 404);
  }
});

Deno.test("Web clients of one network leave room to relays", async () => {
  await using world = await makeWorld();
  await using core = await world.limitedCore();
  const clients = await Promise.all(
    Array.from(
      { length: 600 },
      () => dialTls("127.0.0.1", world.port, { alpn: ["http/1.1"] }),
    ),
  );
  let closed = 0;
  for (const client of clients) void client.read().then(() => closed++);
  await eventually(() => closed === 600 - 512);
  await eventually(() => core.counts().connections === 512);
  await using home = startHome(core, {
    identity: await world.identity("home"),
  });
  await home.until(({ links }) => links === 2);
  for (const client of clients) client.abort();
  await eventually(() => core.counts().connections === 2);
  const again = await dialTls("127.0.0.1", world.port, { alpn: ["http/1.1"] });
  await using client = connectHttp1(again, { host: "relays.test" });
  const page = await client.request({ method: "GET", target: "/" });
  strictEqual(page.status, 200);
});
