import assert from "node:assert/strict";
import { join } from "node:path";
import { connect, createServer, type Socket } from "node:net";
import { askRelay, ControlError, serveControl, worstState } from "./mod.ts";

async function inDirectory(run: (directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function hasCode(code: string) {
  return (error: unknown) => {
    assert(error instanceof ControlError);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

Deno.test("the relay is asked over a socket that is its owner's alone", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "control.sock");
    const umask = Deno.umask();
    const server = await serveControl({
      path,
      handlers: { "GET /status": () => Promise.resolve({ state: "ok" }) },
    });
    const { mode } = await Deno.stat(path);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal(Deno.umask(), umask);
    assert.deepEqual(await askRelay("/status", { socket: path }), {
      state: "ok",
    });
    await assert.rejects(
      askRelay("/constructor", { socket: path }),
      hasCode("no answer"),
    );
    await server.stop();
    await assert.rejects(
      askRelay("/status", { socket: path }),
      hasCode("not running"),
    );
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("a handler that throws is an error for the client and the owner", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "control.sock");
    const seen: unknown[] = [];
    await using _server = await serveControl({
      path,
      handlers: {
        "GET /status": () => {
          throw new Error("secret");
        },
      },
      onError: (error) => seen.push(error),
    });
    await assert.rejects(askRelay("/status", { socket: path }), (error) => {
      assert(error instanceof Error);
      return hasCode("no answer")(error) && !/secret/.test(error.message);
    });
    assert.equal(seen.length, 1);
  }));

Deno.test("a second relay is told so, a dead one's socket is replaced", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "control.sock");
    const handlers = { "GET /status": () => 1 };
    const stop = new AbortController();
    const first = await serveControl({ path, handlers, signal: stop.signal });
    await assert.rejects(
      serveControl({ path, handlers }),
      hasCode("already running"),
    );
    assert.equal(await askRelay("/status", { socket: path }), 1);
    stop.abort();
    await first.stop();

    await leaveSocket(path);
    assert((await Deno.lstat(path)).isSocket);
    await assert.rejects(
      askRelay("/status", { socket: path }),
      hasCode("not running"),
    );
    const second = await serveControl({ path, handlers });
    assert.equal(await askRelay("/status", { socket: path }), 1);
    await second.stop();
  }));

Deno.test("a file in the socket's place is left alone", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "control.sock");
    await Deno.writeTextFile(path, "mine");
    await assert.rejects(
      serveControl({ path, handlers: {} }),
      hasCode("io"),
    );
    assert.equal(await Deno.readTextFile(path), "mine");
  }));

Deno.test("a path that is too long is told before the system cuts it off", async () => {
  const path = `/tmp/${"x".repeat(103)}`;
  await assert.rejects(
    serveControl({ path, handlers: {} }),
    hasCode("path too long"),
  );
  await assert.rejects(
    askRelay("/status", { socket: path }),
    hasCode("path too long"),
  );
  await assert.rejects(
    askRelay("/status", { socket: path.slice(0, 107) }),
    hasCode("not running"),
  );
});

Deno.test("what does not answer as a relay does is told in time", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "control.sock");
    const answers = [
      "",
      "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n<p>",
    ];
    for (const answer of answers) {
      const sockets: Socket[] = [];
      const server = createServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => {});
        if (answer !== "") socket.end(answer);
      });
      await new Promise<void>((done) => server.listen(path, done));
      await assert.rejects(
        askRelay("/status", { socket: path, timeoutMs: 100 }),
        hasCode("no answer"),
      );
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    }
  }));

Deno.test("garbage on the socket does not stop the server", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "control.sock");
    await using _server = await serveControl({
      path,
      handlers: { "GET /status": () => 1 },
    });
    await new Promise<void>((done) => {
      const socket = connect(
        path,
        () => socket.end("\0\x16\x03garbage\r\n\r\n"),
      );
      socket.on("error", () => {});
      socket.on("close", () => done());
      socket.resume();
    });
    assert.equal(await askRelay("/status", { socket: path }), 1);
  }));

Deno.test("half a question does not keep the server from stopping", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "control.sock");
    const server = await serveControl({
      path,
      handlers: { "POST /save": () => 1 },
      onError: () => {},
    });
    const socket = connect(path);
    const head = "POST /save HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1";
    await new Promise((done) => socket.write(head, done));
    await new Promise((done) => setTimeout(done, 100));
    const start = performance.now();
    await server.stop();
    assert(performance.now() - start < 1000);
    await new Promise((done) => socket.once("close", done).destroy());
    await new Promise((done) => setTimeout(done, 100));
  }));

Deno.test("the sum of the parts is its worst", () => {
  const part = (state: "ok" | "degraded" | "down") => ({ name: "a", state });
  assert.equal(worstState([]), "ok");
  assert.equal(worstState([part("ok"), part("degraded")]), "degraded");
  assert.equal(worstState([part("down"), part("degraded")]), "down");
});

/** Leaves a socket behind as a killed process does. */
async function leaveSocket(path: string): Promise<void> {
  const script = `
    Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} });
    Deno.kill(Deno.pid, "SIGKILL");
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "-"],
    stdin: "piped",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(script));
  await stdin.close();
  await child.status;
}
