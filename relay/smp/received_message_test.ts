import assert from "node:assert/strict";
import { boxKey, cbEncrypt } from "../crypto/mod.ts";
import {
  bytesOf,
  readVectors,
  sha256Hex,
  type Vector,
} from "../../tests/vectors.ts";
import { decodeCommand } from "./command_codec.ts";
import { encodeMessage } from "./message_codec.ts";
import {
  decryptNotificationMeta,
  decryptReceivedMessage,
  encryptNotificationMeta,
  encryptReceivedMessage,
  type ReceivedMessage,
} from "./received_message.ts";

const TIME = 1743337696;
const encoder = new TextEncoder();

Deno.test("messages are encrypted for the recipient as by the reference", () => {
  for (const vector of readVectors("crypto", "message")) {
    const message = messageOf(vector);
    const messageId = vector.bytes("msgId");
    const secret = boxKey(vector.bytes("secret"));
    const body = encryptReceivedMessage(message, { secret, messageId });
    assert.equal(body.length, vector.number("outputLength"));
    assert.equal(sha256Hex(body), vector.text("outputSha256"), vector.id);
    const command = encodeMessage(18, { tag: "MSG", messageId, body });
    assert.equal(
      sha256Hex(command),
      vector.object("command").text("sha256"),
    );
    assert.deepEqual(
      decryptReceivedMessage(body, { secret, messageId }),
      message,
      vector.id,
    );
  }
});

Deno.test("notification metadata are encrypted as by the reference", () => {
  for (const vector of readVectors("crypto", "ntf-meta")) {
    const messageId = vector.bytes("msgId");
    const nonce = vector.bytes("nonce");
    const secret = vector.bytes("secret");
    const meta = encryptNotificationMeta({ messageId, time: TIME }, {
      secret,
      nonce,
    });
    assert.deepEqual(meta, vector.bytes("output"));
    assert.deepEqual(
      encodeMessage(18, { tag: "NMSG", nonce, meta }),
      vector.bytes("command"),
    );
    assert.deepEqual(decryptNotificationMeta(meta, { secret, nonce }), {
      messageId,
      time: TIME,
    });
  }
});

Deno.test("another secret, message ID or nonce decrypts nothing", () => {
  const secret = new Uint8Array(32).fill(1);
  const other = new Uint8Array(32).fill(2);
  const messageId = new Uint8Array(24).fill(3);
  const message: ReceivedMessage = { type: "quota", time: TIME };
  const body = encryptReceivedMessage(message, { secret, messageId });
  assert.equal(
    decryptReceivedMessage(body, { secret: other, messageId }),
    undefined,
  );
  assert.equal(
    decryptReceivedMessage(body, { secret, messageId: other.subarray(8) }),
    undefined,
  );
  const nonce = messageId;
  const meta = encryptNotificationMeta({ messageId, time: TIME }, {
    secret,
    nonce,
  });
  assert.equal(
    decryptNotificationMeta(meta, { secret: other, nonce }),
    undefined,
  );
});

Deno.test("what was encrypted but is no message gives nothing", () => {
  const secret = new Uint8Array(32).fill(1);
  const messageId = new Uint8Array(24).fill(3);
  const texts = [
    "",
    "QUOTA",
    "QUOTA 1234567",
    "\0\0\0\0\0\0\0\0",
    "x".repeat(9),
  ];
  for (const text of texts) {
    const body = cbEncrypt(encoder.encode(text), {
      secret,
      nonce: messageId,
      paddedLength: 100,
    });
    assert.ok(body !== undefined);
    assert.equal(
      decryptReceivedMessage(body, { secret, messageId }),
      undefined,
    );
  }
});

Deno.test("flags of later versions are skipped", () => {
  const secret = new Uint8Array(32).fill(1);
  const messageId = new Uint8Array(24).fill(3);
  const body = cbEncrypt(encoder.encode("\0\0\0\0\0\0\0\x05Tabc hello"), {
    secret,
    nonce: messageId,
    paddedLength: 100,
  });
  assert.ok(body !== undefined);
  assert.deepEqual(decryptReceivedMessage(body, { secret, messageId }), {
    type: "message",
    time: 5,
    notification: true,
    body: encoder.encode("hello"),
  });
});

Deno.test("a body that no version can carry is a fault of the caller", () => {
  const encryption = {
    secret: new Uint8Array(32),
    messageId: new Uint8Array(24),
  };
  const message: ReceivedMessage = {
    type: "message",
    time: TIME,
    notification: false,
    body: new Uint8Array(16095),
  };
  assert.throws(() => encryptReceivedMessage(message, encryption), RangeError);
});

/** Time and flag of a vector are those of its plain text, taken apart here. */
function messageOf(vector: Vector): ReceivedMessage {
  if (vector.id === "msg-quota") return { type: "quota", time: TIME };
  const plain = bytesOf(vector.get("plain"));
  const time = new DataView(plain.buffer, plain.byteOffset).getBigInt64(0);
  assert.equal(time, BigInt(TIME));
  const send = decodeCommand(
    18,
    new Uint8Array([...encoder.encode("SEND "), ...plain.subarray(8)]),
  );
  assert.ok("tag" in send && send.tag === "SEND");
  return {
    type: "message",
    time: TIME,
    notification: send.notification,
    body: send.body.slice(),
  };
}
