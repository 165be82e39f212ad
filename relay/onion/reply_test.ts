import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { TorError } from "./errors.ts";
import { type Reply, ReplyReader, valueIn } from "./reply.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const info = "250-PROTOCOLINFO 1\r\n" +
  '250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="/run/a \\"b\\\\c"\r\n' +
  '250-VERSION Tor="0.4.9.11"\r\n250 OK\r\n' +
  "250+info=\r\nfirst\r\n..second\r\n.\r\n250 OK\r\n552 no\r\n";

const replies: Reply[] = [
  {
    code: 250,
    lines: [
      "PROTOCOLINFO 1",
      'AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="/run/a \\"b\\\\c"',
      'VERSION Tor="0.4.9.11"',
      "OK",
    ],
  },
  { code: 250, lines: ["info=", "first", ".second", "OK"] },
  { code: 552, lines: ["no"] },
];

Deno.test("replies are the same however they are cut", () => {
  assert.deepEqual(new ReplyReader().push(bytes(info)), replies);
  const one = new ReplyReader();
  assert.deepEqual(
    [...bytes(info)].flatMap((byte) => one.push(Uint8Array.of(byte))),
    replies,
  );
});

Deno.test("values of replies", () => {
  const [, auth, version] = replies[0].lines;
  assert.equal(valueIn(auth, "METHODS"), "COOKIE,SAFECOOKIE");
  assert.equal(valueIn(auth, "COOKIEFILE"), '/run/a "b\\c');
  assert.equal(valueIn(auth, "FILE"), undefined);
  assert.equal(valueIn(version, "Tor"), "0.4.9.11");
});

Deno.test("what is not tor is told, and takes no memory", () => {
  const strange = (text: string) =>
    assert.throws(
      () => new ReplyReader().push(bytes(text)),
      (error) => error instanceof TorError && error.code === "no answer",
    );
  strange("HTTP/1.1 400 Bad Request\r\n");
  strange("250\r\n");
  strange("x".repeat(9000));
  strange("250-x\r\n".repeat(600));
  strange(`250+x\r\n${"y\r\n".repeat(600)}`);
});

Deno.test("noise never throws anything but TorError", () => {
  const random = new SeededRandom(7);
  const parts = ["250", "-", "+", " ", "\r\n", "\n", ".", "OK", '"', "\xff"];
  for (let round = 0; round < 2000; round++) {
    const reader = new ReplyReader();
    try {
      for (let step = 0; step < 20; step++) {
        const text = parts[random.below(parts.length)];
        for (const { code, lines } of reader.push(bytes(text))) {
          assert(code >= 200 && code < 700 && lines.length > 0);
          valueIn(lines[0], "OK");
        }
      }
    } catch (error) {
      assert(error instanceof TorError, String(error));
    }
  }
});
