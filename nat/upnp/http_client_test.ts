import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { askHttp, decodeAnswer } from "./http_client.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";

function read(text: string, ended = true) {
  return withoutHead(decodeAnswer(encode(text), { ended }));
}

function withoutHead(answer: ReturnType<typeof decodeAnswer>) {
  if (typeof answer === "string") return answer;
  const { head: _head, ...rest } = answer;
  return rest;
}

/** Serves raw bytes on the loopback interface, and tells what it was asked. */
async function withServer(
  serve: (connection: Deno.TcpConn, question: string) => Promise<void>,
  run: (ask: () => Promise<{ status: number; body: string }>) => Promise<void>,
  timeoutMs = 5_000,
) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const buffer = new Uint8Array(2_048);
      const count = await connection.read(buffer);
      const question = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
      // The client may hang up in the middle: that is what is tested.
      await serve(connection, question).catch(() => {});
      connection.close();
    }
  })();
  try {
    await run(() =>
      askHttp({
        address: "127.0.0.1",
        port: listener.addr.port,
        host: "192.168.0.1:5000",
        path: "/a?b",
        method: "POST",
        headers: { "SOAPAction": '"x#y"' },
        body: "é",
        localAddress: "127.0.0.1",
      }, { signal: AbortSignal.timeout(8_000), timeoutMs })
    );
  } finally {
    listener.close();
    await serving;
  }
}

Deno.test("the three ways in which an answer ends", () => {
  const head = "HTTP/1.1 200 OK\r\n";
  assert.deepEqual(read(CHUNKED), { status: 200, body: "abcde" });
  assert.deepEqual(read(`${head}Content-Length: 2\r\n\r\nabc`, false), {
    status: 200,
    body: "ab",
  });
  assert.equal(read(`${head}\r\nabc`, false), "incomplete");
  assert.deepEqual(read("HTTP/1.0 500 No\n\nabc"), {
    status: 500,
    body: "abc",
  });
  assert.deepEqual(read(`HTTP/1.1 100 Continue\r\n\r\n${CHUNKED}`), {
    status: 200,
    body: "abcde",
  });
});

Deno.test("every beginning of an answer is incomplete", () => {
  for (let end = 0; end < CHUNKED.length - 3; end++) {
    assert.equal(read(CHUNKED.slice(0, end)), "incomplete", String(end));
  }
});

Deno.test("what is no answer", () => {
  for (
    const text of [
      "hello\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 999 No\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
      "x".repeat(20_000),
    ]
  ) {
    assert.equal(read(text), "malformed", text.slice(0, 40));
  }
});

Deno.test("mutated answers never throw", () => {
  const random = new SeededRandom(80);
  const bytes = encode(CHUNKED);
  for (let run = 0; run < 5_000; run++) {
    decodeAnswer(random.mutate(bytes), { ended: run % 2 === 0 });
  }
});

Deno.test("a question and its answer", async () => {
  let asked = "";
  await withServer(async (connection, question) => {
    asked = question;
    await connection.write(encode(CHUNKED));
  }, async (ask) => {
    const { status, body } = await ask();
    assert.deepEqual({ status, body }, { status: 200, body: "abcde" });
  });
  assert.equal(
    asked,
    "POST /a?b HTTP/1.1\r\nHost: 192.168.0.1:5000\r\nConnection: close\r\n" +
      'SOAPAction: "x#y"\r\nContent-Length: 2\r\n\r\né',
  );
});

Deno.test("an answer without end is cut off", async () => {
  await withServer(async (connection) => {
    await connection.write(encode("HTTP/1.1 200 OK\r\n\r\n"));
    for (let sent = 0; sent < 100; sent++) {
      await connection.write(new Uint8Array(16_384));
    }
  }, async (ask) => {
    await assert.rejects(ask(), { name: "HttpError", message: /too big/ });
  });
});

Deno.test("an answer that never comes is not waited for", async () => {
  const never = Promise.withResolvers<void>();
  await withServer(async (connection) => {
    await connection.write(encode("HTTP/1.1 200 OK\r\n"));
    await never.promise;
  }, async (ask) => {
    await assert.rejects(ask(), { name: "HttpError", message: /in time/ });
    never.resolve();
  }, 150);
});

Deno.test("an answer that breaks off, and none at all", async () => {
  await withServer(async (connection) => {
    await connection.write(
      encode("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
    );
  }, async (ask) => {
    await assert.rejects(ask(), { name: "HttpError", message: /middle/ });
  });
  await withServer(async () => {}, async (ask) => {
    await assert.rejects(ask(), { name: "HttpError" });
  });
});

Deno.test("nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    askHttp({
      address: "127.0.0.1",
      port,
      host: "127.0.0.1",
      path: "/",
      method: "GET",
      localAddress: "127.0.0.1",
    }, { signal: AbortSignal.timeout(5_000) }),
    { name: "HttpError" },
  );
});

Deno.test("no end of interim answers is not waited for", () => {
  const interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const last = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  assert.deepEqual(read(interim + last), { status: 200, body: "" });
  assert.equal(read(interim.repeat(10_000)), "malformed");
});
