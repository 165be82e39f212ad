import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import {
  assertDigest,
  readVectors,
  sha256Hex,
  type Vector,
} from "../../tests/vectors.ts";
import { Writer } from "../wire/mod.ts";
import {
  boxKey,
  boxMaxLength,
  cbDecrypt,
  cbDecryptNoPad,
  cbEncrypt,
  cbEncryptNoPad,
  openInPlace,
  sealInPlace,
  TAG_SIZE,
} from "./box.ts";
import { encodeX25519Spki } from "./keys.ts";
import { randomBytes, reverseNonce } from "./random.ts";
import { dh } from "./x25519.ts";

Deno.test("cbEncrypt and cbDecrypt agree with the reference", () => {
  for (const vector of readVectors("crypto", "cbEncrypt")) {
    const secret = dh(
      vector.object("bob").bytes("public"),
      vector.object("alice").bytes("private"),
    );
    assert.deepEqual(secret, vector.bytes("secret"));
    assert.ok(secret);
    const nonce = vector.bytes("nonce");
    const message = vector.bytes("message");
    const paddedLength = vector.number("paddedLength");
    const expected = vector.bytesOrError("output");
    const box = cbEncrypt(message, { secret, nonce, paddedLength });
    assert.deepEqual(box, expected, vector.id);
    if (box === undefined) continue;
    assert.deepEqual(cbDecrypt(box, { secret, nonce }), message, vector.id);
    const key = boxKey(secret);
    assert.deepEqual(
      cbEncrypt(message, { secret: key, nonce, paddedLength }),
      expected,
    );
    assert.deepEqual(
      boxMaxLength([message.subarray(0, 3), message.subarray(3)], {
        secret: key,
        nonce,
        maxLength: paddedLength - 2,
      }),
      expected,
    );
  }
});

Deno.test("boxes without padding agree with the reference", () => {
  for (const vector of readVectors("crypto", "cbEncryptNoPad")) {
    const input = {
      secret: vector.bytes("secret"),
      nonce: vector.bytes("nonce"),
    };
    const message = vector.bytes("message");
    const box = cbEncryptNoPad(message, input);
    assert.deepEqual(box, vector.bytes("output"), vector.id);
    assert.deepEqual(cbDecryptNoPad(box, input), message, vector.id);

    const inPlace = new Uint8Array(TAG_SIZE + message.length);
    inPlace.set(message, TAG_SIZE);
    sealInPlace(inPlace, input);
    assert.deepEqual(inPlace, box, vector.id);
    const opened = openInPlace(inPlace, input);
    assert.deepEqual(opened, message, vector.id);
    assert.equal(opened?.buffer, inPlace.buffer);
  }
});

Deno.test("cbDecrypt refuses what the reference refuses", () => {
  for (const vector of readVectors("crypto", "cbDecrypt")) {
    const input = {
      secret: vector.bytes("secret"),
      nonce: vector.bytes("nonce"),
    };
    const box = vector.bytes("input");
    const noPad = vector.bytesOrError("outputNoPad");
    assert.deepEqual(
      cbDecrypt(box, input),
      vector.bytesOrError("output"),
      vector.id,
    );
    assert.deepEqual(cbDecryptNoPad(box, input), noPad, vector.id);
    const before = box.slice();
    assert.deepEqual(openInPlace(box, input), noPad, vector.id);
    if (noPad === undefined) assert.deepEqual(box, before, vector.id);
  }
});

Deno.test("a secret box is a box with the key as secret", () => {
  for (const vector of readVectors("crypto", "sbEncrypt")) {
    const input = { secret: vector.bytes("key"), nonce: vector.bytes("nonce") };
    const message = vector.bytes("message");
    const paddedLength = vector.number("paddedLength");
    assert.deepEqual(
      cbEncrypt(message, { ...input, paddedLength }),
      vector.bytesOrError("output"),
      vector.id,
    );
    assert.deepEqual(
      cbEncryptNoPad(message, input),
      vector.bytes("outputNoPad"),
      vector.id,
    );
  }
});

Deno.test("message bodies for the recipient are padded to their maximum", () => {
  for (const vector of readVectors("crypto", "message")) {
    const secret = dh(
      vector.object("rcvDhKey").bytes("public"),
      vector.object("srvDhKey").bytes("private"),
    );
    assert.deepEqual(secret, vector.bytes("secret"));
    assert.ok(secret);
    const body = boxMaxLength([vector.bytes("plain")], {
      secret,
      nonce: vector.bytes("nonce"),
      maxLength: vector.number("paddedLength") - 2,
    });
    assert.equal(body.length, vector.number("outputLength"));
    assert.equal(sha256Hex(body), vector.text("outputSha256"), vector.id);
  }
  assert.throws(
    () =>
      boxMaxLength([new Uint8Array(5), new Uint8Array(6)], {
        secret: randomBytes(32),
        nonce: randomBytes(24),
        maxLength: 10,
      }),
    RangeError,
  );
});

Deno.test("notification metadata agrees with the reference", () => {
  for (const vector of readVectors("crypto", "ntf-meta")) {
    const secret = dh(
      vector.object("rcvNtfDhKey").bytes("public"),
      vector.object("srvNtfDhKey").bytes("private"),
    );
    assert.ok(secret);
    assert.deepEqual(
      cbEncrypt(vector.bytes("plain"), {
        secret,
        nonce: vector.bytes("nonce"),
        paddedLength: 128,
      }),
      vector.bytes("output"),
    );
  }
});

Deno.test("what clients put into SEND agrees with the reference", () => {
  for (const vector of readVectors("crypto", "client-envelope")) {
    const nonce = vector.bytes("nonce");
    const key = vector.text("outputPrefix").startsWith("000431")
      ? encodeX25519Spki(vector.object("e2eSndKey").bytes("public"))
      : undefined;
    const body = cbEncrypt(vector.bytes("plain"), {
      secret: vector.bytes("secret"),
      nonce,
      paddedLength: vector.number("paddedLength"),
    });
    assert.ok(body);
    const envelope = new Writer()
      .u16(vector.number("clientVersion"))
      .maybe(key, (writer, spki) => writer.short(spki))
      .bytes(nonce)
      .bytes(body)
      .finish();
    assert.equal(envelope.length, vector.number("outputLength"));
    assert.equal(sha256Hex(envelope), vector.text("outputSha256"), vector.id);
  }
});

Deno.test("the layers of a forwarded message agree with the reference", () => {
  for (const vector of readVectors("crypto", "proxied")) {
    const keyOf = (name: string) => vector.object(name);
    const commandSecret = dh(
      keyOf("relaySessionKey").bytes("public"),
      keyOf("commandKey").bytes("private"),
    );
    assert.deepEqual(commandSecret, vector.bytes("commandSecret"));
    assert.ok(commandSecret);
    const secret = vector.bytes("sessionSecret");
    const client = vector.bytes("clientCorrId");
    const proxy = vector.bytes("proxyCorrId");
    assertForward(vector, { commandSecret, secret, client, proxy });
  }
});

function assertForward(
  vector: Vector,
  keys: {
    commandSecret: Uint8Array;
    secret: Uint8Array;
    client: Uint8Array;
    proxy: Uint8Array;
  },
): void {
  const paddedLength = 16226;
  const transmission = cbEncrypt(vector.bytes("innerContent"), {
    secret: keys.commandSecret,
    nonce: keys.client,
    paddedLength,
  });
  assert.ok(transmission);
  assertDigest(transmission, vector.object("encTransmission"));
  const commandKey = vector.object("commandKey").bytes("public");
  const forward = new Writer()
    .short(keys.client)
    .u16(vector.number("version"))
    .short(encodeX25519Spki(commandKey))
    .bytes(transmission)
    .finish();
  assertDigest(forward, vector.object("fwdTransmission"));
  assertDigest(
    cbEncryptNoPad(forward, { secret: keys.secret, nonce: keys.proxy }),
    vector.object("encFwdTransmission"),
  );

  const response = cbEncrypt(vector.bytes("innerResponse"), {
    secret: keys.commandSecret,
    nonce: reverseNonce(keys.client),
    paddedLength,
  });
  assert.ok(response);
  assertDigest(response, vector.object("encResponse"));
  assertDigest(
    cbEncryptNoPad(
      new Writer().short(keys.client).bytes(response).finish(),
      { secret: keys.secret, nonce: reverseNonce(keys.proxy) },
    ),
    vector.object("encFwdResponse"),
  );
}

Deno.test("no changed box opens", () => {
  const random = new SeededRandom(2);
  const input = { secret: random.bytes(32), nonce: random.bytes(24) };
  const box = cbEncrypt(random.bytes(20), { ...input, paddedLength: 40 });
  assert.ok(box);
  let changedBoxes = 0;
  for (let round = 0; round < 3000; round++) {
    const changed = random.mutate(box);
    if (changed.toHex() === box.toHex()) continue;
    changedBoxes++;
    assert.equal(cbDecrypt(changed, input), undefined);
    assert.equal(openInPlace(changed, input), undefined);
  }
  assert.ok(changedBoxes > 2000);
});
