import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { generateAuthKeyPair, pad, unpad } from "../../relay/crypto/mod.ts";
import { signKey } from "../../relay/identity/mod.ts";
import {
  type ServiceCredentials,
  SmpClientError,
  supportedVersions,
} from "../../relay/smp/mod.ts";
import {
  decodeServiceResponse,
  encodeClientHello,
  type ServiceHello,
  type ServiceResponse,
} from "../../relay/smp/handshake_codec.ts";
import { BLOCK_SIZE } from "../../relay/smp/versions.ts";
import { BlockReader } from "../../relay/transport/blocks.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { createSecured } from "../server/commands.ts";
import { TestRelay } from "../server/harness.ts";
import {
  addNotifier,
  SOON,
  subscribeNotifier,
} from "../notifications/notifier.ts";
import {
  connectService,
  inFull,
  makeSelfSigned,
  makeService,
} from "./service.ts";

/** The service part of a right hello. */
function helloOf(
  service: ServiceCredentials,
  algorithm: "ed25519" | "x25519" = "ed25519",
): ServiceHello {
  const signedKey = signKey(
    { key: createPrivateKey(service.key), algorithm: "ed25519" },
    { algorithm, raw: generateAuthKeyPair(algorithm).publicKey.raw },
  );
  return {
    role: service.role,
    key: { chain: service.certificates, signedKey },
  };
}

/**
 * What the relay says to a client with these certificates in TLS and this in
 * its hello; `undefined` when it closes without a word. Fails when it goes on
 * after a refusal.
 */
async function answerTo(
  relay: TestRelay,
  tls: ServiceCredentials | undefined,
  service: ServiceHello,
): Promise<ServiceResponse | undefined> {
  const { ports, identity } = relay.relay;
  await using connection = await dialTls("127.0.0.1", ports[0], {
    alpn: ["smp/1"],
    credentials: tls,
  });
  const blocks = new BlockReader(connection, BLOCK_SIZE);
  assert.ok(await blocks.next() !== undefined);
  const { publicKey } = generateAuthKeyPair("x25519");
  const hello = pad(
    encodeClientHello({
      version: supportedVersions.max,
      fingerprint: identity.fingerprint,
      key: publicKey.raw,
      proxyServer: false,
      service,
    }),
    BLOCK_SIZE,
  );
  assert.ok(hello !== undefined);
  connection.write(hello);
  const block = await blocks.next();
  const content = block && unpad(block);
  const response = content && decodeServiceResponse(content);
  if (response?.error !== undefined) {
    assert.equal(await blocks.next(), undefined);
  }
  return response;
}

const BAD_AUTH = { error: { type: "HANDSHAKE", reason: "BAD_AUTH" } };

Deno.test("a service shows the same certificates in TLS and after it", async () => {
  await using relay = await TestRelay.start();
  const [service, other] = [await makeService(), await makeService()];
  const right = await answerTo(relay, service, helloOf(service));
  assert.ok(right !== undefined && right.error === undefined);
  assert.equal(right.serviceId.length, 24);

  const hello = helloOf(service);
  const { chain, signedKey } = hello.key;
  const wrong: [string, ServiceCredentials | undefined, ServiceHello][] = [
    ["no certificate in TLS", undefined, hello],
    ["another one in TLS", other, hello],
    ["shorter chain", service, {
      ...hello,
      key: { chain: chain.slice(0, 1), signedKey },
    }],
    ["key signed by another", service, {
      ...hello,
      key: { chain, signedKey: helloOf(other).key.signedKey },
    }],
    ["no key for signatures", service, helloOf(service, "x25519")],
    ["damaged key", service, {
      ...hello,
      key: { chain, signedKey: signedKey.slice(1) },
    }],
  ];
  for (const [what, tls, hello] of wrong) {
    assert.deepEqual(await answerTo(relay, tls, hello), BAD_AUTH, what);
  }
});

Deno.test("certificates that do not sign one another are no service", async () => {
  await using relay = await TestRelay.start();
  const [a, b] = [await makeService(), await makeService()];
  const mixed = { ...a, certificates: [a.certificates[0], b.certificates[1]] };
  assert.deepEqual(await answerTo(relay, mixed, helloOf(mixed)), BAD_AUTH);
});

Deno.test("a self-signed certificate is enough for a service", async () => {
  await using relay = await TestRelay.start();
  await using session = await connectService(relay, await makeSelfSigned());
  assert.equal(session.id.length, 24);
});

Deno.test("a service has one role; its ID lasts once it has a queue", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  const service = await makeService("N");
  const other = { ...service, role: "M" } as const;
  const ids: Uint8Array[] = [];
  {
    await using session = await connectService(relay, service);
    ids.push(session.id);
    await assert.rejects(
      connectService(relay, other),
      (error) =>
        error instanceof SmpClientError && error.code === "service" &&
        /BAD_SERVICE/.test(error.message),
    );
  }
  // Nothing was kept of a service without queues.
  await relay.until(({ sessions }) => sessions === 0);
  await using recipient = await relay.connect();
  const notifier = await addNotifier(recipient, await createSecured(recipient));
  {
    await using session = await connectService(relay, service);
    ids.push(session.id);
    const answer = await subscribeNotifier(session.client, notifier);
    assert.equal(inFull(answer), `SOK ${session.id.toHex()}`);
  }
  assert.notDeepEqual(ids[0], ids[1]);
  await relay.until(({ sessions }) => sessions === 1);
  await using again = await connectService(relay, service);
  assert.deepEqual(again.id, ids[1]);
  await assert.rejects(connectService(relay, other), /BAD_SERVICE/);
});

Deno.test("without certificates of clients there are no services", async () => {
  await using relay = await TestRelay.start({
    set: ["tls.ask_client_certificate=false"],
  });
  const service = await makeService();
  await assert.rejects(connectService(relay, service), /BAD_AUTH/);
});

Deno.test("before version 16 a service is a client", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  const service = await makeService();
  await using client = await relay.connect({
    service,
    versions: { min: 6, max: 15 },
  });
  assert.equal(client.smp.session.service, undefined);
  const notifier = await addNotifier(client, await createSecured(client));
  assert.equal(inFull(await subscribeNotifier(client, notifier)), "OK");
});
