import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readVectors, sha256Hex } from "../../tests/vectors.ts";
import { randomBytes } from "../crypto/mod.ts";
import { concatBytes, EMPTY, Writer } from "../wire/mod.ts";
import { prepareChunkSizes } from "./description/mod.ts";
import { ContentError, encryptContent } from "./encryption.ts";
import {
  decryptFile,
  encryptFile,
  minimalEncryptedSize,
} from "./file_encryption.ts";

Deno.test("files are encrypted as the reference does", async () => {
  for (const vector of readVectors("xftp.json.gz", "file")) {
    const contentSize = vector.number("contentLength");
    const content = Uint8Array.from({ length: contentSize }, (_, i) => i % 251);
    const header = { fileName: vector.text("fileName"), extra: undefined };
    const encryptedSize = vector.number("encSize");
    const box = { secret: vector.bytes("key"), nonce: vector.bytes("nonce") };
    const encrypted = await joined(encryptFile(pieces(content.slice(), 5000), {
      ...box,
      header,
      contentSize,
      encryptedSize,
    }));
    assert.equal(encrypted.length, encryptedSize);
    assert.equal(sha256Hex(encrypted), vector.text("outputSha256"));
    assert.equal(
      createHash("sha512").update(encrypted).digest("hex"),
      vector.text("outputSha512"),
    );
    for (const pieceSize of [1, 100, 65536]) {
      const file = await decryptFile(pieces(encrypted.slice(), pieceSize), {
        ...box,
        encryptedSize,
      });
      assert.deepEqual(file.header, header);
      assert.equal(file.contentSize, contentSize);
      assert.deepEqual(await joined(file.content), content);
    }
  }
});

Deno.test("names, extra fields and sizes survive", async () => {
  const names = ["", "a", "ü".repeat(127), "x".repeat(255)];
  for (const fileName of names) {
    for (const extra of [undefined, "", "e".repeat(255)]) {
      for (const contentSize of [0, 1, 600, 70_000]) {
        const header = { fileName, extra };
        const sizes = prepareChunkSizes(
          minimalEncryptedSize(header, contentSize),
        );
        const encryptedSize = sizes.reduce((sum, size) => sum + size, 0);
        const box = { secret: randomBytes(32), nonce: randomBytes(24) };
        const content = new Uint8Array(contentSize).fill(7);
        const file = await decryptFile(
          encryptFile(pieces(content.slice(), 16384), {
            ...box,
            header,
            contentSize,
            encryptedSize,
          }),
          { ...box, encryptedSize },
        );
        assert.deepEqual(file.header, header);
        assert.deepEqual(await joined(file.content), content);
      }
    }
  }
});

Deno.test("a file without padding is the smallest", async () => {
  const header = { fileName: "name" };
  const box = { secret: randomBytes(32), nonce: randomBytes(24) };
  const encryptedSize = minimalEncryptedSize(header, 10);
  const file = { ...box, header, contentSize: 10, encryptedSize };
  const content = () => [new Uint8Array(10)];
  assert.equal((await joined(encryptFile(content(), file))).length, 8 + 6 + 26);
  await assert.rejects(
    joined(encryptFile(content(), {
      ...file,
      encryptedSize: encryptedSize - 1,
    })),
    RangeError,
  );
  assert.throws(
    () => minimalEncryptedSize({ fileName: "x".repeat(256) }, 1),
    RangeError,
  );
});

Deno.test("a file that shrinks or grows while it is read is noticed", async () => {
  const box = { secret: randomBytes(32), nonce: randomBytes(24) };
  for (const actual of [9, 11]) {
    await assert.rejects(
      joined(encryptFile([new Uint8Array(actual)], {
        ...box,
        header: { fileName: "name" },
        contentSize: 10,
        encryptedSize: 65536,
      })),
      (error) => error instanceof ContentError && error.code === "SIZE",
    );
  }
});

Deno.test("what is not a file is refused, and its source closed", async () => {
  const box = { secret: randomBytes(32), nonce: randomBytes(24) };
  const text = (value: string) => new TextEncoder().encode(value);
  const header = concatBytes(Uint8Array.of(1), text("a0"));
  const plaintexts: readonly [Uint8Array, string][] = [
    [int64(3, header), "ok"],
    [int64(4, concatBytes(header, text("x"))), "ok"],
    [EMPTY, "HEADER"],
    [int64(0), "HEADER"],
    [int64(2, header), "HEADER"],
    [int64(4, header), "HEADER"],
    [int64(-1, header), "HEADER"],
    [int64(3, concatBytes(Uint8Array.of(200), text("a0"))), "HEADER"],
    [int64(3, concatBytes(Uint8Array.of(1), text("a2"))), "HEADER"],
    [new Uint8Array(600).fill(0x7f), "HEADER"],
  ];
  for (const [plaintext, expected] of plaintexts) {
    let closed = false;
    const source = async function* () {
      try {
        yield* encryptContent([plaintext.slice()], box);
      } finally {
        closed = true;
      }
    };
    const encryptedSize = plaintext.length + 16;
    let outcome = "ok";
    try {
      await using file = await decryptFile(source(), { ...box, encryptedSize });
      assert.equal(file.header.fileName, "a");
      await joined(file.content);
    } catch (error) {
      assert.ok(error instanceof ContentError, String(error));
      outcome = error.code;
    }
    assert.equal(outcome, expected, plaintext.toHex());
    assert.ok(closed || encryptedSize < 24);
  }
});

Deno.test("a changed file ends in an error; an unwanted one is closed", async () => {
  const box = { secret: randomBytes(32), nonce: randomBytes(24) };
  const encryptedSize = 65536;
  const encrypted = await joined(encryptFile([randomBytes(30_000)], {
    ...box,
    header: { fileName: "name" },
    contentSize: 30_000,
    encryptedSize,
  }));
  const changed = encrypted.slice();
  changed[60_000] ^= 1; // in the padding
  const file = await decryptFile([changed], { ...box, encryptedSize });
  await assert.rejects(
    joined(file.content),
    (error) => error instanceof ContentError && error.code === "CRYPTO",
  );

  let closed = 0;
  function* source() {
    try {
      yield* pieces(encrypted.slice(), 1000);
    } finally {
      closed++;
    }
  }
  await using unwanted = await decryptFile(source(), { ...box, encryptedSize });
  await unwanted[Symbol.asyncDispose]();
  assert.equal(closed, 1);
  const left = await decryptFile(source(), { ...box, encryptedSize });
  for await (const _ of left.content) break;
  assert.equal(closed, 2);
});

function int64(value: number, rest: Uint8Array = EMPTY): Uint8Array {
  return new Writer().int64(value).bytes(rest).finish();
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

async function joined(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part.slice());
  return concatBytes(...all);
}
