/** Both ends, over TLS on loopback. */
import assert from "node:assert/strict";
import { createIdentity, type Identity } from "../relay/identity/mod.ts";
import {
  type Connection,
  dialTls,
  listenTls,
  type ListenTlsOptions,
} from "../relay/transport/mod.ts";
import {
  type AnswererOptions,
  askCallback,
  CALLBACK_ALPN,
  CallbackAnswerer,
} from "./mod.ts";
import { encodeRequest } from "./protocol.ts";

const directory = await Deno.makeTempDir();
const one = await createIdentity(`${directory}/one`);
const two = await createIdentity(`${directory}/two`);
await Deno.remove(directory, { recursive: true });

function listen(
  identity: Identity,
  onConnection: ListenTlsOptions["onConnection"],
  alpn = ["smp/1", CALLBACK_ALPN],
) {
  return listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    alpn,
    onConnection,
  });
}

/** Someone who answers, at this address. */
function startAnswerer(options: Partial<AnswererOptions> = {}) {
  const answerer = new CallbackAnswerer({
    fingerprint: one.fingerprint,
    allowLocal: true,
    ...options,
  });
  const listener = listen(
    one,
    (connection, { peer }) => answerer.serve(connection, peer),
  );
  const [{ port }] = listener.addresses;
  return {
    answerer,
    port,
    address: {
      hosts: ["127.0.0.1"],
      port: String(port),
      fingerprint: one.fingerprint,
    },
    async [Symbol.asyncDispose]() {
      await answerer.stop();
      await listener.stop();
    },
  };
}

async function freePort(): Promise<number> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return await Promise.resolve(port);
}

Deno.test("who can be reached is told so, with the address seen from there", async () => {
  await using called = startAnswerer();
  const asker = listen(two, () => {});
  const [{ port }] = asker.addresses;
  const options = { identity: two, port, family: 4 } as const;
  const { outcome, observed } = await askCallback(called.address, options);
  assert.deepEqual({ outcome, observed }, {
    outcome: "reachable",
    observed: "127.0.0.1",
  });
  // From a chosen address: it is called back there.
  const from = await askCallback(called.address, {
    ...options,
    localAddress: "127.0.0.9",
  });
  assert.deepEqual([from.outcome, from.observed], ["refused", "127.0.0.9"]);
  assert.deepEqual(called.answerer.counts, { answered: 2, reachable: 1 });
  await asker.stop();
});

Deno.test("who cannot be reached is told why", async () => {
  await using called = startAnswerer({ dialTimeoutMs: 200 });
  const ask = async (port: number) =>
    (await askCallback(called.address, { identity: two, port, family: 4 }))
      .outcome;
  assert.equal(await ask(await freePort()), "refused");
  assert.equal(await ask(22), "port not allowed");

  // The answerer itself: a relay, and not the asker.
  assert.equal(await ask(called.port), "wrong fingerprint");

  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.equal(await ask(silent.addr.port), "timeout");
  silent.close();

  const web = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const tcp = await web.accept();
    await tcp.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n"));
    await tcp.read(new Uint8Array(4096));
    tcp.close();
  })();
  assert.equal(await ask(web.addr.port), "not TLS");
  await serving;
  web.close();

  const rude = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    const tcp = await rude.accept();
    await tcp.read(new Uint8Array(4096));
    tcp.close();
  })();
  assert.equal(await ask(rude.addr.port), "closed");
  await closing;
  rude.close();
});

Deno.test("nobody is called back in the answerer's own network", async () => {
  await using called = startAnswerer({ allowLocal: false });
  const options = { identity: two, port: 5223, family: 4 } as const;
  const { outcome } = await askCallback(called.address, options);
  assert.equal(outcome, "not public");
});

Deno.test("a request of another session proves nothing", async () => {
  await using called = startAnswerer();
  const stranger = {
    chain: two.chain,
    sign: (message: Uint8Array) => two.sign(message.with(-1, 0)),
  };
  const { outcome } = await askCallback(called.address, {
    identity: stranger,
    port: 5223,
    family: 4,
  });
  assert.equal(outcome, "not proven");
});

Deno.test("one address cannot ask without end", async () => {
  await using called = startAnswerer();
  const options = { identity: two, port: 22, family: 4 } as const;
  const outcomes = new Set<string>();
  for (let round = 0; round < 13; round++) {
    outcomes.add((await askCallback(called.address, options)).outcome);
  }
  assert.deepEqual([...outcomes], ["port not allowed", "too often"]);
});

Deno.test("an answerer that is another relay, silent or not there is told apart", async () => {
  await using called = startAnswerer();
  const options = { identity: two, port: 5223, family: 4 } as const;
  const wrong = { ...called.address, fingerprint: two.fingerprint };
  await assert.rejects(askCallback(wrong, options), {
    kind: "not an answerer",
  });
  const gone = { ...called.address, port: String(await freePort()) };
  await assert.rejects(askCallback(gone, options), { kind: "no answerer" });
  // Over IPv6 it has no address.
  await assert.rejects(
    askCallback(called.address, { ...options, family: 6 }),
    { kind: "no answerer" },
  );

  const old = listen(one, () => {}, ["smp/1"]);
  const [{ port }] = old.addresses;
  const place = { ...called.address, port: String(port) };
  await assert.rejects(askCallback(place, options), {
    kind: "not an answerer",
  });
  await old.stop();

  for (const bytes of [[], [0, 0], [1, 0], [0, 3, 1, 2, 3], [255, 255]]) {
    const broken = listen(one, async (connection: Connection) => {
      await connection.read();
      connection.write(Uint8Array.from(bytes));
      await connection.drained();
    });
    const [{ port }] = broken.addresses;
    const place = { ...called.address, port: String(port) };
    await assert.rejects(askCallback(place, options), { kind: "no answer" });
    await broken.stop();
  }
});

Deno.test("an answerer hangs up on what is no request, and goes on", async () => {
  await using called = startAnswerer();
  for (const bytes of [[0, 0], [255, 255, 1], [0, 4, 1, 2, 3, 4], [0, 1]]) {
    const connection = await dialTls("127.0.0.1", called.port, {
      alpn: [CALLBACK_ALPN],
    });
    connection.write(Uint8Array.from(bytes));
    if (bytes.length > 2 || bytes[1] === 0) {
      assert.equal(await connection.read(), undefined);
    }
    await connection.close();
  }
  const connection = await dialTls("127.0.0.1", called.port, {
    alpn: [CALLBACK_ALPN],
  });
  // Two in one go: the second gets no answer.
  const request = encodeRequest(22, two, {
    answerer: one.fingerprint,
    sessionId: connection.sessionId,
  });
  connection.write(Uint8Array.of(...request, ...request));
  const answer = new Uint8Array(12);
  assert.ok(await connection.readFull(answer));
  assert.equal(answer[2], "P".charCodeAt(0));
  assert.equal(await connection.read(), undefined);
  await connection.close();
});

Deno.test("stop breaks a call-back off, and so does the asker's signal", async () => {
  const called = startAnswerer();
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr;
  const options = { identity: two, port, family: 4 } as const;
  const [first] = await Promise.all([
    silent.accept(),
    assert.rejects(
      askCallback(called.address, {
        ...options,
        signal: AbortSignal.timeout(100),
      }),
      { name: "TimeoutError" },
    ),
  ]);
  const [second] = await Promise.all([
    silent.accept().then(async (tcp) => {
      await called[Symbol.asyncDispose]();
      return tcp;
    }),
    assert.rejects(askCallback(called.address, options), { kind: "no answer" }),
  ]);
  first.close();
  second.close();
  silent.close();
});

Deno.test("one network alone does not keep all others out", async () => {
  await using called = startAnswerer();
  const silent: Connection[] = [];
  const dial = () =>
    dialTls("127.0.0.1", called.port, { alpn: [CALLBACK_ALPN] });
  for (let count = 0; count < 4; count++) silent.push(await dial());
  // The answerer has seen those before it sees this one.
  const late = await dial();
  assert.equal(await late.readFull(new Uint8Array(1)), false);
  late.abort();
  const options = { identity: two, port: 9, family: 4 } as const;
  const from = await askCallback(called.address, {
    ...options,
    localAddress: "127.0.0.9",
  });
  assert.equal(from.observed, "127.0.0.9");
  for (const connection of silent) connection.abort();
});
