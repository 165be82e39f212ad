import assert from "node:assert/strict";
import {
  dialSocks5,
  ipv6Bytes,
  parseSocksProxy,
  SocksError,
} from "./socks5.ts";

/** A proxy for one connection: plays `script`, keeps what it was sent. */
class ScriptedProxy implements AsyncDisposable {
  readonly received: number[][] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #done: Promise<void>;

  constructor(script: readonly (readonly [number, readonly number[]])[]) {
    this.#done = this.#play(script);
  }

  get address(): { hostname: string; port: number } {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  async #play(
    script: readonly (readonly [number, readonly number[]])[],
  ): Promise<void> {
    using connection = await this.#listener.accept();
    for (const [length, answer] of script) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const count = await connection.read(bytes.subarray(at));
        if (count === null) return;
        at += count;
      }
      this.received.push([...bytes]);
      // Byte by byte, as a network may deliver it.
      for (const byte of answer) await connection.write(Uint8Array.of(byte));
    }
    const rest = new Uint8Array(16);
    // Holds the connection until the other end has gone.
    while (await connection.read(rest).catch(() => null) !== null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#done.catch(() => undefined);
  }
}

const text = (value: string) => [...new TextEncoder().encode(value)];

Deno.test("a name goes to the proxy as it is, and nothing after the reply is lost", async () => {
  const host = "abc.onion";
  await using proxy = new ScriptedProxy([
    [3, [5, 0]],
    [4 + 1 + host.length + 2, [5, 0, 0, 1, 127, 0, 0, 1, 0, 80, 42]],
  ]);
  const stream = await dialSocks5(proxy.address, { host, port: 5223 });
  const next = new Uint8Array(4);
  assert.equal(await stream.read(next), 1);
  assert.equal(next[0], 42);
  stream.close();
  assert.deepEqual(proxy.received, [
    [5, 1, 0],
    [5, 1, 0, 3, host.length, ...text(host), 20, 103],
  ]);
});

Deno.test("IP addresses go as bytes; a proxy's reply may have any address", async () => {
  await using four = new ScriptedProxy([
    [3, [5, 0]],
    [10, [5, 0, 0, 3, 2, 97, 98, 0, 80]],
  ]);
  const port = 443;
  (await dialSocks5(four.address, { host: "192.0.2.7", port })).close();
  assert.deepEqual(four.received[1], [5, 1, 0, 1, 192, 0, 2, 7, 1, 187]);
  await using six = new ScriptedProxy([
    [3, [5, 0]],
    [22, [5, 0, 0, 4, ...new Array(16).fill(0), 0, 80]],
  ]);
  (await dialSocks5(six.address, { host: "2001:db8::1", port })).close();
  assert.deepEqual(
    six.received[1].slice(3, 20),
    [4, 0x20, 1, 0x0d, 0xb8, ...new Array(11).fill(0), 1],
  );
});

Deno.test("name and password", async () => {
  const credentials = { username: "us", password: "secret" };
  const login = [1, 2, ...text("us"), 6, ...text("secret")];
  const target = { host: "x", port: 1 };
  await using good = new ScriptedProxy([
    [3, [5, 2]],
    [login.length, [1, 0]],
    [8, [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]],
  ]);
  (await dialSocks5(good.address, target, { credentials })).close();
  assert.deepEqual(good.received.slice(0, 2), [[5, 1, 2], login]);
  await using bad = new ScriptedProxy([[3, [5, 2]], [login.length, [1, 1]]]);
  await assert.rejects(
    dialSocks5(bad.address, target, { credentials }),
    (error) => error instanceof SocksError && error.kind === "auth",
  );
  // One that keeps circuits apart is no reason to go without a connection.
  await using open = new ScriptedProxy([
    [4, [5, 0]],
    [8, [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]],
  ]);
  const optional = { ...credentials, optional: true };
  (await dialSocks5(open.address, target, { credentials: optional })).close();
  assert.deepEqual(open.received[0], [5, 2, 2, 0]);
});

Deno.test("what a proxy can do wrong", async () => {
  const target = { host: "x", port: 1 };
  const cases = [
    { script: [[3, [4, 0]]], kind: "proxy" },
    { script: [[3, [5, 255]]], kind: "auth" },
    { script: [[3, [5, 0]], [8, [5, 4, 0, 1]]], kind: "refused" },
    { script: [[3, [5, 0]], [8, [5, 0, 0, 9]]], kind: "proxy" },
  ] as const;
  for (const { script, kind } of cases) {
    await using proxy = new ScriptedProxy(script);
    await assert.rejects(
      dialSocks5(proxy.address, target),
      (error) => error instanceof SocksError && error.kind === kind,
    );
  }
  await using silent = new ScriptedProxy([[3, []]]);
  await assert.rejects(
    dialSocks5(silent.address, target, { timeoutMs: 50 }),
    (error) => error instanceof SocksError && error.kind === "timeout",
  );
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    dialSocks5({ hostname: "127.0.0.1", port }, target),
    (error) => error instanceof SocksError && error.kind === "proxy",
  );
});

Deno.test("the setting as text", () => {
  const isolate = "isolate";
  assert.deepEqual(parseSocksProxy("127.0.0.1:9050"), {
    hostname: "127.0.0.1",
    port: 9050,
    login: isolate,
  });
  assert.deepEqual(parseSocksProxy("@[::1]"), {
    hostname: "::1",
    port: 9050,
    login: undefined,
  });
  assert.deepEqual(parseSocksProxy("me:pass word@tor:1080"), {
    hostname: "tor",
    port: 1080,
    login: { username: "me", password: "pass word" },
  });
  for (const wrong of ["", "a b", "host:70000", "host:0", "[127]:1", "::1"]) {
    assert.equal(parseSocksProxy(wrong), undefined, wrong);
  }
});

Deno.test("IPv6 in bytes", () => {
  assert.deepEqual(ipv6Bytes("::"), new Array(16).fill(0));
  assert.deepEqual(
    ipv6Bytes("::ffff:10.1.2.3"),
    [...new Array(10).fill(0), 255, 255, 10, 1, 2, 3],
  );
  assert.deepEqual(
    ipv6Bytes("1:2:3:4:5:6:7:8"),
    [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8],
  );
});
