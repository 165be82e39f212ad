import assert from "node:assert/strict";
import { pad } from "../crypto/mod.ts";
import {
  bytesOf,
  readVectors,
  sha256Hex,
  type Vector,
} from "../../tests/vectors.ts";
import type { ServiceRole } from "./commands.ts";
import {
  type ClientHello,
  decodeClientHello,
  decodeServerHello,
  decodeServiceResponse,
  encodeClientHello,
  encodeServerHello,
  encodeServiceResponse,
  type ServerHello,
  usesBlockEncryption,
} from "./handshake_codec.ts";
import type { SignedSessionKey } from "./messages.ts";
import { transmissionParams } from "./transmission.ts";
import {
  clientVersions,
  commonVersions,
  versionsUpTo,
} from "./version_range.ts";
import { BLOCK_SIZE, legacyVersions, type VersionRange } from "./versions.ts";

const FILE = "smp_handshake.json.gz";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("the relay's hello is that of the reference", () => {
  for (const vector of readVectors(FILE, "server-hello")) {
    const hello: ServerHello = {
      versions: rangeOf(vector.get("versionRange")),
      sessionId: vector.bytes("sessionId"),
      key: signedKeyOf(vector),
    };
    const content = encodeServerHello(hello);
    assert.equal(content.toHex(), vector.bytes("output").toHex(), vector.id);
    assertBlock(content, vector);
    const key = hello.versions.max >= 7 ? hello.key : undefined;
    assert.deepEqual(decodeServerHello(content), { ...hello, key });
    const longer = Uint8Array.from([...content, 0, 1, 2]);
    assert.deepEqual(decodeServerHello(longer), { ...hello, key });
  }
});

Deno.test("a relay's hello whose key is cut off has no key", () => {
  const [vector] = readVectors(FILE, "server-hello").filter(({ id }) =>
    id === "server-hello-ed25519-6-18"
  );
  const content = vector.bytes("output");
  const hello = decodeServerHello(content.subarray(0, content.length - 1));
  assert.ok(hello !== undefined);
  assert.equal(hello.key, undefined);
  assert.equal(decodeServerHello(content.subarray(0, 20)), undefined);
  // Lowest version above the highest one.
  assert.equal(decodeServerHello(Uint8Array.of(0, 7, 0, 6, 0)), undefined);
});

Deno.test("the client's hello is that of the reference", () => {
  for (const vector of readVectors(FILE, "client-hello")) {
    const version = vector.number("version");
    const service = vector.get("service") === null
      ? undefined
      : vector.object("service");
    const hello: ClientHello = {
      version,
      fingerprint: vector.bytes("keyHash"),
      key: vector.object("sessionKey").bytes("public"),
      proxyServer: vector.boolean("proxyServer"),
      service: service && {
        role: roleOf(service.get("role")),
        key: signedKeyOf(service),
      },
    };
    const content = encodeClientHello(hello);
    assert.equal(content.toHex(), vector.bytes("output").toHex(), vector.id);
    assertBlock(content, vector);
    assert.deepEqual(decodeClientHello(content), {
      ...hello,
      key: version >= 7 ? hello.key : undefined,
      proxyServer: version >= 14 && hello.proxyServer,
      service: version >= 16 ? hello.service : undefined,
    });
  }
});

Deno.test("clients' hellos are read as by the reference, also odd ones", () => {
  for (const vector of readVectors(FILE, "client-hello-decode")) {
    const hello = decodeClientHello(vector.bytes("content"));
    const expected = vector.object("result");
    if (expected.has("error")) {
      assert.equal(hello, undefined, vector.id);
      continue;
    }
    assert.ok(hello !== undefined, vector.id);
    assert.deepEqual(
      {
        version: hello.version,
        hasKey: hello.key !== undefined,
        hasService: hello.service !== undefined,
        proxyServer: hello.proxyServer,
      },
      vector.get("result"),
      vector.id,
    );
  }
});

Deno.test("the answer to a service is that of the reference", () => {
  for (const vector of readVectors(FILE, "service-response")) {
    const fields = vector.object("fields");
    const content = vector.bytes("output");
    const response = decodeServiceResponse(content);
    assert.ok(response !== undefined, vector.id);
    assert.deepEqual(encodeServiceResponse(response), content);
    if (response.error === undefined) {
      assert.deepEqual(response.serviceId, fields.bytes("serviceId"));
    } else {
      assert.equal(decoder.decode(content), `E${fields.text("error")}`);
    }
  }
  assert.equal(decodeServiceResponse(encoder.encode("X")), undefined);
  assert.equal(decodeServiceResponse(encoder.encode("EWHAT")), undefined);
});

Deno.test("both ends agree on what the reference's ends agree on", () => {
  for (const vector of readVectors(FILE, "negotiation")) {
    const offered = vector.boolean("alpn")
      ? rangeOf(vector.get("serverRange"))
      : legacyVersions;
    const sessionId = vector.bytes("sessionId");
    const hello = decodeServerHello(
      encodeServerHello({ versions: offered, sessionId, key: anyKey }),
    );
    assert.ok(hello !== undefined);
    const proxyServer = vector.boolean("proxyServer");
    const own = rangeOf(vector.get("clientRange"));
    const versions = clientVersions(own, hello.versions, { proxyServer });
    const client = vector.object("clientResult");
    if (versions === undefined) {
      assert.equal(client.text("error"), "VERSION", vector.id);
      continue;
    }
    const answer: ClientHello = {
      version: versions.max,
      fingerprint: new Uint8Array(32),
      // What a relay below version 7 offers comes without its key.
      key: vector.object("clientSessionKey").bytes("public"),
      proxyServer,
    };
    assertSession(client, {
      hello: { ...answer, key: hello.key && answer.key },
      versions,
    });
    const received = decodeClientHello(encodeClientHello(answer));
    assert.ok(received !== undefined);
    const agreed = versionsUpTo(offered, received.version);
    assert.ok(agreed !== undefined);
    assertSession(vector.object("serverResult"), {
      hello: received,
      versions: agreed,
    });
  }
});

Deno.test("ranges that have nothing in common", () => {
  assert.equal(
    commonVersions({ min: 6, max: 7 }, { min: 8, max: 9 }),
    undefined,
  );
  assert.equal(versionsUpTo({ min: 6, max: 18 }, 5), undefined);
  assert.equal(versionsUpTo({ min: 6, max: 18 }, 19), undefined);
});

const anyKey: SignedSessionKey = {
  chain: [new Uint8Array(3)],
  signedKey: new Uint8Array(5),
};

function assertSession(
  expected: Vector,
  session: { readonly hello: ClientHello; readonly versions: VersionRange },
): void {
  // Identity, services and their certificates are not part of the codecs.
  if (expected.has("error")) {
    assert.notEqual(expected.text("error"), "VERSION");
    return;
  }
  const { hello, versions } = session;
  const params = transmissionParams(hello.version, new Uint8Array(32));
  assert.deepEqual({
    version: hello.version,
    encryptBlock: usesBlockEncryption(hello),
    implySessId: params.implySessionId,
    serviceAuth: params.serviceAuth,
    versionRange: [versions.min, versions.max],
  }, {
    version: expected.number("version"),
    encryptBlock: expected.boolean("encryptBlock"),
    implySessId: expected.boolean("implySessId"),
    serviceAuth: expected.boolean("serviceAuth"),
    versionRange: expected.get("versionRange"),
  });
}

function assertBlock(content: Uint8Array, vector: Vector): void {
  const block = pad(content, BLOCK_SIZE);
  assert.ok(block !== undefined);
  assert.equal(sha256Hex(block), vector.object("block").text("sha256"));
}

function signedKeyOf(vector: Vector): SignedSessionKey {
  const chain = vector.get("certChain");
  assert.ok(Array.isArray(chain));
  return { chain: chain.map(bytesOf), signedKey: vector.bytes("signedKey") };
}

function rangeOf(value: unknown): VersionRange {
  assert.ok(Array.isArray(value));
  return { min: Number(value[0]), max: Number(value[1]) };
}

function roleOf(value: unknown): ServiceRole {
  assert.ok(value === "M" || value === "N" || value === "P", String(value));
  return value;
}
