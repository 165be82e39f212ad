import assert from "node:assert/strict";
import { readVectorFile, Vector } from "../../tests/vectors.ts";
import { FormatError } from "./fields.ts";
import { FileBook } from "./file_book.ts";
import { parseFileLogLine } from "./file_log.ts";

const recorded = new Vector(readVectorFile("reference_files.json.gz"));
const lines = recorded.object("facts").object("records").objects("lines")
  .map((line) => line.text("line"));

const hex = (bytes: Uint8Array) => bytes.toHex().slice(0, 4);

Deno.test("every kind of record in the file log", () => {
  const book = new FileBook();
  const faults = lines.map((line, index) =>
    book.add(parseFileLogLine(line), index + 1)
  );
  assert.deepEqual(
    faults.filter((fault) => fault !== undefined),
    ["its file is switched off, which the relay does not know"],
  );
  const files = Array.from(book.files(), (each) => ({
    id: hex(each.file.senderId),
    status: each.status,
    path: each.path,
    recipients: Array.from(each.recipients, ({ recipientId, key }) => [
      hex(recipientId),
      key.length,
    ]),
    line: each.line,
  }));
  const active = { type: "active" };
  assert.deepEqual(files, [
    {
      id: "6e9f",
      status: active,
      path: "/var/opt/simplex-xftp/files/f1",
      recipients: [["42e9", 44]],
      line: 1,
    },
    {
      id: "266a",
      status: active,
      path: undefined,
      recipients: [["2bb0", 44]],
      line: 4,
    },
    {
      id: "d1e6",
      status: {
        type: "blocked",
        info: { reason: "content", notice: '{"ttl":3600}' },
      },
      path: undefined,
      recipients: [],
      line: 9,
    },
    {
      id: "7a8e",
      status: { type: "blocked", info: { reason: "spam" } },
      path: undefined,
      recipients: [],
      line: 11,
    },
    {
      id: "a7a2",
      status: active,
      path: undefined,
      recipients: [],
      line: 13,
    },
  ]);
  const [first] = book.files();
  assert.equal(first.file.size, 65536);
  assert.equal(first.file.createdAt, 1743336000);
  assert.equal(first.file.digest.length, 32);
});

Deno.test("a record that is cut or changed anywhere is told, or means less", () => {
  for (const line of lines) {
    for (let length = 0; length < line.length; length++) {
      try {
        parseFileLogLine(line.slice(0, length));
      } catch (error) {
        assert(error instanceof FormatError, `${line.slice(0, length)}`);
      }
    }
  }
  const [create] = lines;
  for (
    const wrong of [
      create.replace("FNEW", "FOLD"),
      create.replace(" 65536 ", " 0 "),
      create.replace(" 65536 ", " 4294967296 "),
      create.replace(" 65536 ", " -1 "),
      create.replace("bp8Z", "bp8"),
      create.replace("YWt1", "YWt"),
      create.replace("MCow", "AAAA"),
      `${create} more`,
      `${create.replace(" active", "")} asleep`,
      "FADD bp8ZijZ422i8UV4IZaQ83g== QunL-aqyBeWvqV0taB8x_g==",
      "FADD bp8ZijZ422i8UV4IZaQ83g== ",
      "FPUT bp8ZijZ422i8UV4IZaQ83g== AAAA",
      "FDEL",
      "",
    ]
  ) assert.throws(() => parseFileLogLine(wrong), FormatError, wrong);
});

Deno.test("records that do not fit together are told, and harm no other file", () => {
  const [create, add, put] = lines;
  const book = new FileBook();
  const taken = (line: string) => book.add(parseFileLogLine(line), 1);
  assert.match(taken(put) ?? "", /no line before it made/);
  assert.equal(taken(create), undefined);
  assert.match(taken(create) ?? "", /there already/);
  assert.equal(taken(add), undefined);
  assert.match(taken(add) ?? "", /2 of its recipients/);
  assert.equal(taken(put), undefined);
  assert.match(taken(put) ?? "", /uploaded before/);
  const id = create.split(" ")[1];
  assert.equal(taken(`FDEL ${id}`), undefined);
  assert.equal(taken(`FDEL ${id}`), undefined, "two clients were as fast");
  assert.equal([...book.files()].length, 0);
  assert.equal(taken(create), undefined);
  assert.equal(taken(add), undefined, "its recipients were forgotten, too");
});
