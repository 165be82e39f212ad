import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { createIdentity } from "../identity/mod.ts";
import { dialTls, listenTls } from "../transport/mod.ts";
import { Http1Error } from "./errors.ts";
import { parseRequestHead } from "./head.ts";
import {
  connectHttp1,
  HTTP1_ALPN,
  type Http1Limits,
  serveHttp1,
  type ServeHttp1Options,
} from "./mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A server on loopback that says what it was asked. */
async function startServer(
  options: { limits?: Http1Limits } & Partial<ServeHttp1Options> = {},
) {
  const directory = await Deno.makeTempDir();
  const identity = await createIdentity(directory);
  await Deno.remove(directory, { recursive: true });
  const errors: unknown[] = [];
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    alpn: [HTTP1_ALPN],
    onConnection: (connection) =>
      serveHttp1(connection, {
        handle: ({ method, target, body }) => {
          if (target === "/broken") throw new Error("broken");
          return {
            status: 200,
            fields: { "content-type": "text/plain" },
            body: `${method} ${target} ${decoder.decode(body)}`,
          };
        },
        onError: (error) => errors.push(error),
        ...options,
      }),
    onHandlerError: (error) => errors.push(error),
  });
  const [{ port }] = listener.addresses;
  return {
    port,
    errors,
    dial: () => dialTls("127.0.0.1", port, { alpn: [HTTP1_ALPN] }),
    [Symbol.asyncDispose]: () => listener.stop(),
  };
}

/** Everything that the server says to these bytes, to the end. */
async function say(
  server: Awaited<ReturnType<typeof startServer>>,
  text: string,
): Promise<string> {
  await using connection = await server.dial();
  connection.write(encoder.encode(text));
  let all = "";
  for (;;) {
    const bytes = await connection.read();
    if (bytes === undefined) return all;
    all += decoder.decode(bytes);
  }
}

Deno.test("requests of one connection are answered in turn", async () => {
  await using server = await startServer();
  await using client = connectHttp1(await server.dial(), { host: "test" });
  const first = await client.request({ method: "GET", target: "/a?b=c" });
  assert.equal(first.status, 200);
  assert.equal(decoder.decode(first.body), "GET /a?b=c ");
  assert.equal(first.fields.get("content-type"), "text/plain");
  const body = "x".repeat(60_000);
  const second = await client.request({ method: "POST", target: "/", body });
  assert.equal(decoder.decode(second.body), `POST / ${body}`);
  const third = await client.request({ method: "GET", target: "/broken" });
  assert.equal(third.status, 500);
  assert.equal(String(server.errors), "Error: broken");
});

Deno.test("what is no request, or too much of one, ends the connection", async () => {
  await using server = await startServer({ limits: { idleMs: 300 } });
  const cases: readonly [string, RegExp][] = [
    ["SMP\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET / HTTP/1.1\r\nhost : a\r\n\r\n", /^HTTP\/1\.1 400 /],
    [
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1, 1\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 65537\r\n\r\n",
      /^HTTP\/1\.1 413 /,
    ],
    [`GET /${"a".repeat(9000)}`, /^HTTP\/1\.1 413 /],
    // Silence in a head, and between heads.
    ["GET / HT", /^$/],
    ["", /^$/],
    // Two at once are two answers; the last closes.
    [
      "HEAD /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 8\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\nGET \/2 $/,
    ],
  ];
  for (const [text, answer] of cases) {
    assert.match(await say(server, text), answer, text.slice(0, 60));
  }
  assert.deepEqual(server.errors, []);
});

Deno.test("a request for another protocol is handed over with what came", async () => {
  await using server = await startServer({
    upgrade: ({ target }, { connection, rest }) => {
      if (target !== "/tunnel") return undefined;
      connection.write(rest.slice());
      return connection.drained();
    },
  });
  const head = (target: string) =>
    `GET ${target} HTTP/1.1\r\nhost: a\r\nupgrade: x\r\nconnection: close\r\n\r\n`;
  assert.equal(await say(server, `${head("/tunnel")}hello`), "hello");
  assert.match(await say(server, head("/other")), /^HTTP\/1\.1 200 /);
});

Deno.test("the client bounds what it takes, and the time for it", async () => {
  await using server = await startServer({
    handle: async ({ target }) => {
      if (target === "/late") await new Promise((r) => setTimeout(r, 400));
      return { status: 200, body: "x".repeat(100) };
    },
  });
  const ask = async (target: string) => {
    await using client = connectHttp1(await server.dial(), {
      host: "test",
      bodyBytes: 99,
      timeoutMs: 100,
    });
    await client.request({ method: "GET", target });
  };
  await assert.rejects(ask("/late"), { kind: "timeout" });
  await assert.rejects(ask("/"), { kind: "too large" });
});

Deno.test("random bytes are a request or an error", () => {
  const random = new SeededRandom(0x1177);
  const head = encoder.encode(
    "POST /v1/register?x=1 HTTP/1.1\r\nhost: a.example\r\ncontent-length: 12\r\naccept: */*",
  );
  let taken = 0;
  for (let turn = 0; turn < 20_000; turn++) {
    try {
      const { target } = parseRequestHead(random.mutate(head));
      assert.match(target, /^(\/|\*$)/);
      taken++;
    } catch (error) {
      assert.ok(error instanceof Http1Error);
    }
  }
  assert.ok(taken > 1000 && taken < 19_000, `${taken}`);
});

Deno.test("a head costs as much as it is long, whatever it is made of", () => {
  const blanks = " ".repeat(300_000);
  const since = performance.now();
  const { fields } = parseRequestHead(
    encoder.encode(`GET / HTTP/1.1\r\nhost:${blanks}a${blanks}b\t${blanks}`),
  );
  assert.equal(fields.get("host"), `a${blanks}b`);
  // Looked at from each blank, it would take a minute.
  assert.ok(performance.now() - since < 5_000);
});
