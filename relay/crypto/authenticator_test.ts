import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { readVectors } from "../../tests/vectors.ts";
import {
  AUTHENTICATOR_SIZE,
  cbAuthenticate,
  cbVerify,
  cbVerifyWith,
  SessionAuthenticator,
} from "./authenticator.ts";
import { boxKey } from "./box.ts";
import { randomBytes } from "./random.ts";
import { dh, generateX25519 } from "./x25519.ts";

Deno.test("authenticators agree with the reference", () => {
  for (const vector of readVectors("crypto", "authenticator")) {
    const sender = vector.object("senderKey");
    const server = vector.object("serverKey");
    const message = vector.bytes("message");
    const nonce = vector.bytes("nonce");
    const authenticator = cbAuthenticate({
      publicKey: server.bytes("public"),
      privateKey: sender.bytes("private"),
    }, { nonce, message });
    assert.deepEqual(authenticator, vector.bytes("output"), vector.id);
    assert.ok(authenticator);
    assert.equal(authenticator.length, AUTHENTICATOR_SIZE);
    const signed = { nonce, message, authenticator };
    const keys = {
      publicKey: sender.bytes("public"),
      privateKey: server.bytes("private"),
    };
    assert.equal(cbVerify(keys, signed), vector.boolean("verified"));
    assert.ok(cbVerifyWith(boxKey(vector.bytes("secret")), signed));
    const session = new SessionAuthenticator(keys.privateKey);
    assert.ok(session.verify(keys.publicKey, signed));
    assert.ok(session.verify(keys.publicKey, signed));
  }
});

function fixture() {
  const [client, server] = [generateX25519(), generateX25519()];
  const nonce = randomBytes(24);
  const message = randomBytes(50);
  const authenticator = cbAuthenticate(
    { publicKey: server.publicKey, privateKey: client.privateKey },
    { nonce, message },
  );
  assert.ok(authenticator);
  return { client, server, signed: { nonce, message, authenticator } };
}

Deno.test("a changed authenticator, message, nonce or key is refused", () => {
  const random = new SeededRandom(7);
  const { client, server, signed } = fixture();
  const session = new SessionAuthenticator(server.privateKey);
  // Remembered from here on; what follows must be refused all the same.
  assert.ok(session.verify(client.publicKey, signed));
  const refused = (other: typeof signed, publicKey = client.publicKey) => {
    const keys = { publicKey, privateKey: server.privateKey };
    assert.equal(cbVerify(keys, other), false);
    assert.equal(session.verify(publicKey, other), false);
  };
  for (let round = 0; round < 100; round++) {
    const authenticator = random.mutate(signed.authenticator);
    if (authenticator.toHex() !== signed.authenticator.toHex()) {
      refused({ ...signed, authenticator });
    }
    refused(signed, random.bytes(32));
  }
  refused({
    ...signed,
    message: signed.message.with(0, signed.message[0] ^ 1),
  });
  refused({ ...signed, nonce: signed.nonce.with(0, signed.nonce[0] ^ 1) });
  refused({ ...signed, authenticator: new Uint8Array(0) });
  refused(signed, new Uint8Array(31));
  assert.ok(session.verify(client.publicKey, signed));
});

Deno.test("a key of low order verifies nothing and throws nothing", () => {
  const { server, signed } = fixture();
  const publicKey = new Uint8Array(32);
  const keys = { publicKey, privateKey: server.privateKey };
  // What the reference would take: the secret is zero for everybody.
  const forged = cbAuthenticate(keys, signed);
  assert.equal(forged, undefined);
  assert.equal(dh(publicKey, server.privateKey), undefined);
  assert.equal(cbVerify(keys, signed), false);
  const session = new SessionAuthenticator(server.privateKey);
  assert.equal(session.verify(publicKey, signed), false);
});

Deno.test("a session goes on verifying beyond what it remembers", () => {
  const server = generateX25519();
  const session = new SessionAuthenticator(server.privateKey);
  const nonce = randomBytes(24);
  const message = randomBytes(10);
  for (let i = 0; i < 300; i++) {
    const client = generateX25519();
    const authenticator = cbAuthenticate(
      { publicKey: server.publicKey, privateKey: client.privateKey },
      { nonce, message },
    );
    assert.ok(authenticator);
    const signed = { nonce, message, authenticator };
    assert.ok(session.verify(client.publicKey, signed));
  }
});
