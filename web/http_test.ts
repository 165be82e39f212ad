import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type HttpServer, serveHttp } from "./http.ts";

async function withServer(
  run: (server: HttpServer) => Promise<void>,
  { isWelcome = () => true, answer, ...options }: {
    isWelcome?: (address: string) => boolean;
    answer?: (request: Request) => Response | Promise<Response>;
    idleMs?: number;
    firstMs?: number;
  } = {},
): Promise<void> {
  const errors: unknown[] = [];
  const server = await serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    isWelcome,
    answer: answer ?? (() => new Response("well")),
    onError: (error) => errors.push(error),
    ...options,
  });
  try {
    await run(server);
  } finally {
    await server.stop();
  }
  assert.deepEqual(errors, []);
}

async function open({ port }: HttpServer): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {/* It is closed then. */});
  await once(socket, "connect");
  // Else it does not see the end.
  socket.resume();
  return socket;
}

Deno.test("whoever is not welcome is closed before asking", () =>
  withServer(async (server) => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {/* It is closed then. */});
    await once(socket, "close");
    assert.equal(socket.bytesRead, 0);
  }, { isWelcome: () => false }));

Deno.test("one machine has some connections and no more", () =>
  withServer(async (server) => {
    const kept = await Promise.all(
      Array.from({ length: 32 }, () => open(server)),
    );
    const more = await open(server);
    await once(more, "close");
    assert(kept.every((socket) => !socket.destroyed));
    const [first, ...rest] = kept;
    first.destroy();
    // Its place is free again.
    let text = "";
    while (text === "") {
      const response = await fetch(`http://127.0.0.1:${server.port}/`)
        .catch(() => undefined);
      text = await response?.text() ?? "";
    }
    assert.equal(text, "well");
    for (const socket of rest) socket.destroy();
  }));

Deno.test("it stops, whatever its clients do", () =>
  withServer(async (server) => {
    const idle = await open(server);
    const half = await open(server);
    half.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
    const never = await open(server);
    never.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(never, "data");
    const before = performance.now();
    await server.stop();
    assert(performance.now() - before < 5000);
    for (const socket of [idle, half, never]) {
      if (!socket.destroyed) {
        socket.resume();
        await once(socket, "close");
      }
    }
  }, {
    answer: (request) =>
      request.method === "POST"
        ? request.text().then(() => new Response())
        : new Response(
          new ReadableStream({
            start: (controller) =>
              controller.enqueue(new TextEncoder().encode("begun")),
          }),
        ),
  }));

Deno.test("a stream that nobody hears any more is cancelled", async () => {
  const cancelled = Promise.withResolvers<void>();
  await withServer(async (server) => {
    const socket = await open(server);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
    socket.destroy();
    await cancelled.promise;
  }, {
    answer: () => {
      let timer: ReturnType<typeof setInterval> | undefined;
      return new Response(
        new ReadableStream({
          start(controller) {
            timer = setInterval(
              () => controller.enqueue(new TextEncoder().encode(":\n\n")),
              20,
            );
          },
          cancel() {
            clearInterval(timer);
            cancelled.resolve();
          },
        }),
      );
    },
  });
});

Deno.test("who says nothing, or says it drop by drop, is closed", async () => {
  await withServer(async (server) => {
    const silent = await open(server);
    const asked = await open(server);
    asked.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await Promise.all([once(silent, "close"), once(asked, "close")]);
    assert(asked.bytesRead > 0);
  }, { idleMs: 200 });
  await withServer(async (server) => {
    const slow = await open(server);
    const timer = setInterval(() => slow.write("x"), 50);
    await once(slow, "close");
    clearInterval(timer);
  }, { firstMs: 300 });
});
