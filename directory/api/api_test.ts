import assert from "node:assert/strict";
import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import { readFileSync } from "node:fs";
import { TestRelay } from "../../tests/server/harness.ts";
import { connectHttp1, HTTP1_ALPN } from "../../relay/http1/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { bytesKey, toBase64Url } from "../../relay/wire/mod.ts";
import { DirectoryError, type DirectoryErrorKind } from "../client/mod.ts";
import {
  type Descriptor,
  signDescriptor,
  type SignedDescriptor,
} from "../descriptor/mod.ts";
import { encodeRelayRequest } from "../protocol/mod.ts";
import { sampleDescriptor, TestDirectory, TestSigner } from "../testing.ts";
import { ROUTES } from "./api.ts";

const heartbeat = { full: false, numbers: { messages: 100 } };

/** The descriptor of a relay that runs. */
function descriptorOf(
  { relay }: TestRelay,
  rest: Partial<Descriptor> = {},
): SignedDescriptor {
  const port = relay.ports[0];
  return signDescriptor(
    sampleDescriptor(relay.identity, {
      addresses: [{ scheme: "smp", hosts: ["127.0.0.1"], port }],
      ...rest,
    }),
    relay.identity,
  );
}

async function rejects(
  action: Promise<unknown>,
  kind: DirectoryErrorKind,
  message: RegExp,
): Promise<DirectoryError> {
  let caught: DirectoryError | undefined;
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof DirectoryError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    caught = error;
    return true;
  });
  assert.ok(caught);
  return caught;
}

Deno.test("a relay registers, is probed, listed, and leaves", async () => {
  await using test = await TestDirectory.start();
  await using relay = await TestRelay.start();
  await using client = test.client();
  const { registry, probes } = test.directory;
  const { identity } = relay.relay;
  const signer = new TestSigner(identity);

  const unknown = client.heartbeat(heartbeat, signer.next());
  await rejects(unknown, "unknown", /register first/);
  const first = descriptorOf(relay);
  const receipt = await client.register(first, signer.next());
  assert.equal(receipt.standing, "new");
  assert.ok(receipt.nextSeconds >= 270 && receipt.nextSeconds <= 330);
  assert.deepEqual(await client.relays(), []);

  const record = registry.find(bytesKey(identity.fingerprint));
  assert.ok(record);
  await probes.probe(record);
  assert.equal(record.failure, undefined);
  assert.equal(record.standing, "probation");
  const { queues } = relay.relay.counts();
  assert.equal(queues, 0);
  const [found] = await client.relays({ role: "smp", minScore: 50 });
  assert.deepEqual(found.descriptor, first.descriptor);
  assert.deepEqual(await client.relays({ role: "xftp" }), []);
  assert.deepEqual(await client.relays({ region: "Europe" }), []);

  const second = descriptorOf(relay, { sequence: 2, region: "Europe" });
  const told = await client.heartbeat(
    { ...heartbeat, descriptor: second },
    signer.next(),
  );
  assert.equal(told.standing, "probation");
  assert.deepEqual(told.flags, ["Running", "Fast", "Open"]);
  assert.equal((await client.relays({ region: "europe" })).length, 1);

  const history = await client.history(identity.fingerprint);
  assert.equal(history.windows[0].probes, 1);
  assert.equal(history.recent.length, 1);
  assert.equal(history.uptime, 1);
  assert.equal(history.says.region, "Europe");
  assert.match(history.issues.at(-1)?.text ?? "", /It is new here/);

  await client.heartbeat({ ...heartbeat, full: true }, signer.next());
  assert.deepEqual(await client.relays(), []);
  await client.heartbeat(heartbeat, signer.next());
  assert.equal((await client.relays()).length, 1);

  // It goes in a week: no news for new contacts, and still probed.
  const at = Math.floor(Date.now() / 1000) + 7 * 86_400;
  const leaving = await client.leave(at, signer.next());
  assert.ok(leaving.flags.includes("Leaving"));
  assert.deepEqual(await client.relays(), []);
  const left = await client.leave(0, signer.next());
  assert.equal(left.standing, "left");
  await rejects(
    client.heartbeat(heartbeat, signer.next()),
    "unknown",
    /register first/,
  );
  const third = descriptorOf(relay, { sequence: 3 });
  const back = await client.register(third, signer.next());
  assert.equal(back.standing, "probation");
  assert.deepEqual(test.errors, []);
});

Deno.test("what was kept is there after a restart", async () => {
  await using test = await TestDirectory.start();
  await using relay = await TestRelay.start();
  const { identity } = relay.relay;
  const signer = new TestSigner(identity);
  {
    await using client = test.client();
    await client.register(descriptorOf(relay), signer.next());
    const record = test.directory.registry.find(bytesKey(identity.fingerprint));
    assert.ok(record);
    await test.directory.probes.probe(record);
  }
  const before = test.directory.relay(identity.fingerprint);
  const old = signer.next();
  {
    await using client = test.client();
    await client.heartbeat(heartbeat, old);
  }
  await test.restart();
  assert.deepEqual(test.directory.relay(identity.fingerprint), before);
  await using client = test.client();
  await rejects(client.heartbeat(heartbeat, old), "stale", /later request/);
  assert.equal((await client.relays()).length, 1);
});

Deno.test("heartbeats that are repeated, late or forged are refused", async () => {
  await using test = await TestDirectory.start();
  await using relay = await TestRelay.start();
  await using client = test.client();
  const signer = new TestSigner(relay.relay.identity);
  await client.register(descriptorOf(relay), signer.next(10));
  await client.heartbeat(heartbeat, signer.next(12));
  const stale = await rejects(
    client.heartbeat(heartbeat, signer.next(12)),
    "stale",
    /later request/,
  );
  assert.equal(stale.sequence, 12);
  await rejects(
    client.heartbeat(heartbeat, signer.next(11)),
    "stale",
    /later request/,
  );
  const other = identityInMemory();
  const forged = {
    fingerprint: relay.relay.identity.fingerprint,
    sign: (message: Uint8Array) => other.sign(message),
  };
  await rejects(
    client.heartbeat(heartbeat, {
      ...signer.next(20),
      identity: forged,
    }),
    "refused",
    /not signed/,
  );
  // Signed for another directory.
  const elsewhere = await TestDirectory.start();
  await using _elsewhere = elsewhere;
  const bytes = encodeRelayRequest(
    { type: "leave", at: 0 },
    { ...signer.next(30), directory: elsewhere.identity.fingerprint },
    relay.relay.identity,
  );
  const answer = await post(test, "/v1/leave", { request: toBase64Url(bytes) });
  assert.equal(answer.status, 400);
  // An older descriptor in a newer request.
  const newer = descriptorOf(relay, { sequence: 5 });
  await client.heartbeat({ ...heartbeat, descriptor: newer }, signer.next(31));
  await rejects(
    client.heartbeat(
      { ...heartbeat, descriptor: descriptorOf(relay, { sequence: 4 }) },
      signer.next(32),
    ),
    "stale",
    /later descriptor/,
  );
  const record = test.directory.relay(relay.relay.identity.fingerprint);
  assert.equal(record?.says.sequence, 5);
});

Deno.test("registering takes work, a relay that answers, and its signature", async () => {
  await using test = await TestDirectory.start({ workBits: 8 });
  await using relay = await TestRelay.start();
  await using client = test.client();
  const { identity } = relay.relay;
  const signer = new TestSigner(identity);
  const descriptor = descriptorOf(relay);

  const { directory: _directory, ...head } = {
    ...signer.next(),
    directory: test.identity.fingerprint,
  };
  const content = {
    type: "register",
    descriptor: descriptor.bytes,
    nonce: new Uint8Array(16),
    counter: 1,
  } as const;
  const bytes = encodeRelayRequest(
    content,
    { ...head, directory: test.identity.fingerprint },
    identity,
  );
  const lazy = await post(test, "/v1/register", {
    request: toBase64Url(bytes),
  });
  assert.equal(lazy.status, 403);
  assert.match(lazy.text, /proof of work/);

  // Somebody else's descriptor, which anybody can have.
  const other = identityInMemory();
  await rejects(
    client.register(descriptor, new TestSigner(other).next()),
    "refused",
    /not signed/,
  );
  // A relay that is not there, and another one in its place.
  const nobody = signDescriptor(sampleDescriptor(identity), identity);
  const failed = await rejects(
    client.register(nobody, signer.next()),
    "refused",
    /cannot reach the relay/,
  );
  assert.ok((failed.retryAfterSeconds ?? 0) >= 60);
  const [port] = relay.relay.ports;
  const impostor = signDescriptor(
    sampleDescriptor(other, {
      addresses: [{ scheme: "smp", hosts: ["127.0.0.1"], port }],
    }),
    other,
  );
  await rejects(
    client.register(impostor, new TestSigner(other).next()),
    "refused",
    /Another relay answers there/,
  );
  assert.equal(test.directory.registry.size, 0);
  await client.register(descriptor, signer.next());
  test.directory.ban(identity.fingerprint, true);
  await rejects(
    client.heartbeat(heartbeat, signer.next()),
    "stop",
    /shut this relay out/,
  );
  await rejects(
    client.register(descriptor, signer.next()),
    "stop",
    /shut this relay out/,
  );
});

Deno.test("two machines with one identity are noticed and not listed", async () => {
  await using test = await TestDirectory.start();
  await using relay = await TestRelay.start();
  await using client = test.client();
  const { identity } = relay.relay;
  const [one, two] = [new TestSigner(identity), new TestSigner(identity)];
  await client.register(descriptorOf(relay), one.next());
  const record = test.directory.registry.find(bytesKey(identity.fingerprint));
  assert.ok(record);
  await test.directory.probes.probe(record);
  assert.equal((await client.relays()).length, 1);
  // A restart is a new instance, and no copy.
  await client.heartbeat(heartbeat, two.next());
  assert.equal((await client.relays()).length, 1);
  const receipt = await client.heartbeat(heartbeat, one.next());
  assert.ok(receipt.flags.includes("Copied"));
  assert.match(receipt.issues[0].text, /Two machines have the identity/);
  assert.deepEqual(await client.relays(), []);
  assert.deepEqual((await client.sync("")).relays, []);
});

Deno.test("a flood from one network is held off, others are not", async () => {
  await using test = await TestDirectory.start();
  const { api } = test.directory;
  const body = new TextEncoder().encode('{"request":"AAAA"}');
  const ask = (source: string) =>
    api.handle({
      method: "POST",
      target: "/v1/register",
      fields: new Map(),
      body,
    }, source);
  const statuses: number[] = [];
  for (let host = 0; host < 20; host++) {
    statuses.push((await ask(`192.0.2.${host}`)).status);
  }
  assert.deepEqual(statuses.slice(0, 6), Array(6).fill(400));
  assert.deepEqual(statuses.slice(6), Array(14).fill(429));
  const late = await ask("::ffff:192.0.2.200");
  assert.equal(late.status, 429);
  assert.ok(Number(late.fields?.["retry-after"]) >= 500);
  assert.equal((await ask("198.51.100.1")).status, 400);
  for (let host = 0; host < 6; host++) await ask(`2001:db8:1:${host}::1`);
  assert.equal((await ask("2001:db8:1:ffff::1")).status, 429);
  assert.equal((await ask("2001:db8:2::1")).status, 400);
});

Deno.test("what is no request of the API gets a plain answer", async () => {
  await using test = await TestDirectory.start();
  const cases: readonly [string, string, unknown, number][] = [
    ["GET", "/v1/nothing", undefined, 404],
    ["GET", "/v1/relays/x/history", undefined, 404],
    ["GET", "/v1/relays/%zz/history", undefined, 404],
    ["POST", "/v1/params", {}, 405],
    ["GET", "/v1/relays?role=web", undefined, 400],
    ["GET", "/v1/relays?count=0", undefined, 400],
    ["GET", "/v1/relays?min_score=101", undefined, 400],
    ["GET", "/v1/sync?cursor=..-1", undefined, 200],
    ["POST", "/v1/heartbeat", undefined, 400],
    ["POST", "/v1/heartbeat", [], 400],
    ["POST", "/v1/heartbeat", { request: 5 }, 400],
    ["POST", "/v1/heartbeat", { request: "AAAA", more: 1 }, 400],
    ["POST", "/v1/heartbeat", { request: "A".repeat(16_000) }, 400],
    ["POST", "/v1/heartbeat", { request: "A".repeat(17_000) }, 413],
    ["HEAD", "/v1/params", undefined, 200],
  ];
  for (const [method, target, value, status] of cases) {
    const answer = await ask(test, method, target, value);
    assert.equal(answer.status, status, `${method} ${target} ${answer.text}`);
  }
  assert.deepEqual(test.errors, []);
});

Deno.test("docs/openapi.yaml has the routes, and no others", () => {
  const text = readFileSync(
    new URL("../../docs/openapi.yaml", import.meta.url),
    "utf8",
  );
  const found: string[] = [];
  let path = "";
  for (const line of text.split("\n")) {
    path = /^ {2}(\/\S+):$/.exec(line)?.[1] ?? path;
    const method = /^ {4}(get|post|put|delete|patch):$/.exec(line)?.[1];
    if (method !== undefined) found.push(`${method.toUpperCase()} ${path}`);
  }
  assert.deepEqual(
    found.sort(),
    ROUTES.map(({ method, path }) => `${method} ${path}`).sort(),
  );
});

function post(test: TestDirectory, target: string, value: unknown) {
  return ask(test, "POST", target, value);
}

async function ask(
  test: TestDirectory,
  method: string,
  target: string,
  value?: unknown,
): Promise<{ status: number; text: string }> {
  const { hosts, port } = test.address;
  const connection = await dialTls(hosts[0], port, { alpn: [HTTP1_ALPN] });
  await using client = connectHttp1(connection, { host: "test" });
  if (method === "HEAD") {
    connection.write(
      new TextEncoder().encode(
        `HEAD ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
      ),
    );
    const bytes = await connection.read();
    const text = new TextDecoder().decode(bytes);
    return { status: Number(text.slice(9, 12)), text };
  }
  const body = value === undefined ? undefined : JSON.stringify(value);
  const answer = await client.request({ method, target, body });
  return {
    status: answer.status,
    text: new TextDecoder().decode(answer.body),
  };
}
