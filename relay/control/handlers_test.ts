import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import {
  askRelay,
  ControlError,
  type ControlledRelay,
  relayHandlers,
  serveControl,
} from "./mod.ts";

const ID = new Uint8Array(24).fill(1);
const id = ID.toBase64({ alphabet: "base64url" });

/** Handlers over a socket; the relay is only asked what the test expects. */
async function serve(
  relay: ControlledRelay | undefined,
  run: (socket: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "control.sock");
    const errors: unknown[] = [];
    await using _server = await serveControl({
      path,
      handlers: relayHandlers(() => relay),
      onError: (error) => errors.push(error),
    });
    await run(path);
    assert.deepEqual(errors, [], "a refusal is no error of the relay");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function refused(pattern: RegExp) {
  return (error: unknown) => {
    assert(error instanceof ControlError);
    assert.equal(error.code, "refused");
    assert.match(error.message, pattern);
    return true;
  };
}

/** What is posted as it is: status and answer. */
function post(
  socketPath: string,
  path: string,
  body: string,
): Promise<{ status: number | undefined; answer: Record<string, string> }> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath,
      path,
      method: "POST",
      headers: { host: "porchlight" },
    }, (response) => {
      let text = "";
      response.on("data", (part) => text += part);
      response.on(
        "end",
        () =>
          resolve({ status: response.statusCode, answer: JSON.parse(text) }),
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

Deno.test("a relay that starts says so, and answers what it can", () =>
  serve(undefined, async (socket) => {
    const status = await askRelay("/status", { socket });
    assert.match(JSON.stringify(status), /"state":"degraded"[^]*starting/);
    assert.deepEqual(await askRelay("/address", { socket }), {
      addresses: [],
      reached: [],
    });
    for (const path of ["/path", "/stats", "/clients", "/information"]) {
      await assert.rejects(askRelay(path, { socket }), refused(/starting/));
    }
    const { status: code } = await post(socket, "/save", "");
    assert.equal(code, 503);
  }));

Deno.test("questions that are not put right are refused in words", () => {
  const asked: unknown[] = [];
  const never = () => {
    throw new Error("nobody asked for this");
  };
  const relay: ControlledRelay = {
    addresses: never,
    reachedAddresses: never,
    parts: never,
    path: never,
    counts: never,
    statistics: never,
    clients: never,
    information: never,
    save: never,
    queues: {
      status: () => undefined,
      block: (of, info) => {
        asked.push([of, info]);
        return Promise.resolve({ changed: true, before: { status: "active" } });
      },
      unblock: () => Promise.resolve(undefined),
      delete: () => Promise.resolve(undefined),
    },
    webCertificate: { answer: never, renewNow: never },
  };
  return serve(relay, async (socket) => {
    const ask = (path: string, body: unknown) =>
      askRelay(path, { socket, body });
    for (const body of [{}, [], 7, { id: 7 }, { id: "x" }, { ID: id }]) {
      await assert.rejects(ask("/queue/status", body), refused(/not the ID/));
    }
    for (const action of ["status", "unblock", "delete"]) {
      await assert.rejects(
        ask(`/queue/${action}`, { id }),
        refused(/no such queue/),
      );
    }
    await assert.rejects(
      ask("/queue/block", { id, reason: "boredom" }),
      refused(/"spam" or "content"/),
    );
    for (const ttlSeconds of [0, -1, 1.5, "60", 1e12]) {
      await assert.rejects(
        ask("/queue/block", { id, reason: "spam", notice: { ttlSeconds } }),
        refused(/whole number/),
      );
    }
    await ask("/queue/block", { id, reason: "spam" });
    await ask("/queue/block", { id, reason: "content", notice: {} });
    await ask("/queue/block", {
      id,
      reason: "spam",
      notice: { ttlSeconds: 60 },
    });
    assert.deepEqual(asked, [
      [ID, { reason: "spam", notice: undefined }],
      [ID, { reason: "content", notice: {} }],
      [ID, { reason: "spam", notice: { ttlSeconds: 60 } }],
    ]);
    assert.equal((await post(socket, "/queue/status", "{")).status, 400);
    const long = await post(socket, "/queue/status", " ".repeat(70_000));
    assert.equal(long.status, 400);
    assert.match(long.answer.message, /too long/);
    // What is changed is never changed by a GET.
    await assert.rejects(askRelay("/save", { socket }), ControlError);
  });
});

Deno.test("docs/api.md describes every question", async () => {
  const url = new URL("../../docs/api.md", import.meta.url);
  const text = await Deno.readTextFile(url);
  const described = [...text.matchAll(/^### `(.+)`$/gm)].map(([, name]) =>
    name
  );
  assert.deepEqual(described, Object.keys(relayHandlers(() => undefined)));
  for (const name of described) assert(text.includes(`| \`${name}\``), name);
});
