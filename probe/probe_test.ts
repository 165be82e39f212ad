import assert from "node:assert/strict";
import type { ServerAddress } from "../relay/smp/mod.ts";
import { TestRelay } from "../tests/server/harness.ts";
import { Harness } from "../tests/xftp/harness.ts";
import { type ProbeResult, testSmp, testXftp } from "./mod.ts";

function addressOf(
  relay: { ports: readonly number[]; identity: { fingerprint: Uint8Array } },
  rest: Partial<ServerAddress> = {},
): ServerAddress {
  return {
    scheme: "smp",
    hosts: ["127.0.0.1"],
    port: String(relay.ports[0]),
    fingerprint: relay.identity.fingerprint,
    ...rest,
  };
}

function names({ steps }: ProbeResult): string[] {
  return steps.map(({ name, state }) =>
    state === "ok" ? name : `${name}: ${state}`
  );
}

const timeoutMs = 20_000;

Deno.test("a relay that works passes every step and keeps nothing", async () => {
  await using test = await TestRelay.start();
  const result = await testSmp(addressOf(test.relay), { timeoutMs });
  assert.deepEqual(names(result), [
    "connect",
    "fingerprint",
    "handshake",
    "create",
    "secure",
    "send",
    "receive",
    "delete",
  ]);
  assert.equal(result.ok, true);
  assert.equal(result.host, "127.0.0.1");
  assert.equal(result.version, 18);
  const { queues, messages } = test.relay.counts();
  assert.deepEqual({ queues, messages }, { queues: 0, messages: 0 });

  const short = await testSmp(addressOf(test.relay), {
    timeoutMs,
    full: false,
  });
  assert.deepEqual(names(short), ["connect", "fingerprint", "handshake"]);
});

Deno.test("a password is needed where there is one", async () => {
  await using test = await TestRelay.start({
    set: ["smp.create_password=secret"],
  });
  const without = await testSmp(addressOf(test.relay), { timeoutMs });
  assert.equal(without.ok, false);
  assert.match(without.steps.at(-1)?.text ?? "", /does not know its password/);
  const wrong = await testSmp(
    addressOf(test.relay, { password: "no" }),
    { timeoutMs },
  );
  assert.match(wrong.steps.at(-1)?.text ?? "", /does not take the password/);
  const right = await testSmp(
    addressOf(test.relay, { password: "secret" }),
    { timeoutMs },
  );
  assert.equal(right.ok, true);
});

Deno.test("another relay, nobody, and what is no relay are told apart", async () => {
  await using test = await TestRelay.start();
  const other = await testSmp(
    addressOf(test.relay, { fingerprint: new Uint8Array(32) }),
    { timeoutMs },
  );
  assert.deepEqual(names(other), ["connect", "fingerprint: failed"]);
  assert.match(other.steps[1].text, /Another relay answers there/);
  assert.equal(other.ok, false);

  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = (async () => {
    const tcp = await listener.accept();
    await tcp.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n"));
    await tcp.read(new Uint8Array(4096));
    tcp.close();
  })();
  const web = await testSmp(
    addressOf(test.relay, { port: String(port) }),
    { timeoutMs },
  );
  await serving;
  listener.close();
  assert.deepEqual(names(web), ["connect: failed"]);
  assert.match(web.steps[0].text, /does not speak TLS/);

  const nobody = await testSmp(
    addressOf(test.relay, { port: String(port) }),
    { timeoutMs },
  );
  assert.match(nobody.steps[0].text, /nothing listens on this port/);
});

Deno.test("one address of several that does not work is a warning", async () => {
  await using test = await TestRelay.start();
  const hosts = ["::1", "127.0.0.1"];
  const result = await testSmp(addressOf(test.relay, { hosts }), {
    timeoutMs,
    full: false,
  });
  assert.deepEqual(names(result), [
    "connect: warning",
    "connect",
    "fingerprint",
    "handshake",
  ]);
  assert.equal(result.ok, true);
  const none = await testSmp(addressOf(test.relay, { hosts: ["x.onion"] }));
  assert.match(none.steps[0].text, /only an onion name/);
  assert.equal(none.ok, false);
});

Deno.test("a probe that is broken off rejects with the reason", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const signal = AbortSignal.timeout(50);
  const { port } = listener.addr;
  const relay = {
    ports: [port],
    identity: { fingerprint: new Uint8Array(32) },
  };
  await assert.rejects(
    testSmp(addressOf(relay), { signal, timeoutMs }),
    { name: "TimeoutError" },
  );
});

Deno.test("a relay for files passes every step and keeps nothing", async () => {
  await using files = await Harness.start();
  const relay = { ports: [files.port], identity: files.identity };
  const result = await testXftp(
    addressOf(relay, { scheme: "xftp" }),
    { timeoutMs },
  );
  assert.deepEqual(names(result), [
    "connect",
    "fingerprint",
    "handshake",
    "create",
    "upload",
    "download",
    "delete",
  ]);
  assert.equal(result.ok, true);
});
