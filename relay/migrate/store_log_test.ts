import assert from "node:assert/strict";
import { FormatError } from "./fields.ts";
import { QueueBook } from "./queue_book.ts";
import { formatQueue, formatService, parseStoreLogLine } from "./store_log.ts";
import { recordedText } from "./testing.ts";

/** The book of a log, and why lines were not taken, by number. */
function bookOf(text: string) {
  const book = new QueueBook();
  const faults = new Map<number, string>();
  const lines = text.slice(0, text.lastIndexOf("\n")).split("\n");
  for (const [index, line] of lines.entries()) {
    try {
      const fault = book.add(parseStoreLogLine(line), index + 1);
      if (fault !== undefined) faults.set(index + 1, fault);
    } catch (error) {
      assert(error instanceof FormatError);
      faults.set(index + 1, error.message);
    }
  }
  return { book, faults };
}

/** The lines that bring back what a book has, sorted. */
function linesOf(book: QueueBook): string[] {
  return [
    ...[...book.services()].map(formatService),
    ...[...book.queues()].flatMap(({ record }) => formatQueue(record)),
  ].sort();
}

function compacted(name: string): string[] {
  return recordedText(name).trimEnd().split("\n").sort();
}

Deno.test("every kind of record: the same queues as the reference has", () => {
  const text = recordedText("store-all-records.log");
  const { book, faults } = bookOf(text);
  assert.deepEqual([...faults.keys()], [34, 35]);
  assert.equal(
    faults.get(35),
    "it is about a queue that no line before it made",
  );
  // The one queue that the reference cannot read back itself.
  const ours = linesOf(book).filter((line) =>
    !line.includes("rid=F7vJi_yg4dGxicSARsMQJ2biNjZ8Yefy") &&
    !line.startsWith("QUEUE_SERVICE")
  );
  assert.deepEqual(ours, compacted("store-all-records.compacted.log"));
  const lost = [...book.queues()].find(({ line }) => line === 12);
  assert(lost?.record.status.type === "blocked");
  assert(lost.record.status.info.notice !== undefined);
  assert(lost.record.recipientServiceId);
  assert.equal(formatQueue(lost.record).length, 2);
});

Deno.test("what is written reads back as it was", () => {
  const { book } = bookOf(recordedText("store-all-records.log"));
  const lines = linesOf(book);
  const order = (line: string) => line.startsWith("QUEUE_SERVICE") ? 1 : 0;
  lines.sort((a, b) => order(a) - order(b));
  const again = bookOf(`${lines.join("\n")}\n`);
  assert.deepEqual([...again.faults], []);
  assert.deepEqual(linesOf(again.book), [...lines].sort());
});

for (
  const [torn, expected] of [
    ["store-torn.log", "store-torn.compacted.log"],
    [
      "torn/memory-smp-server-store.log",
      "torn/memory-smp-server-store.compacted.log",
    ],
    [
      "torn/journal-smp-server-store.log",
      "torn/journal-smp-server-store.compacted.log",
    ],
  ]
) {
  Deno.test(`a torn last line is left out: ${torn}`, () => {
    const { book, faults } = bookOf(recordedText(torn));
    assert.deepEqual([...faults], []);
    const ours = linesOf(book).filter((line) =>
      !line.includes("rid=F7vJi_yg4dGxicSARsMQJ2biNjZ8Yefy") &&
      !line.startsWith("QUEUE_SERVICE")
    );
    assert.deepEqual(ours, compacted(expected));
  });
}

Deno.test("the reference's rules for records that contradict others", () => {
  const text = recordedText("store-all-records.log").split("\n");
  const create = text[2];
  const id = /rid=(\S+)/.exec(create)?.[1] ?? "";
  const other = text[3];
  const key = (line: string) => /rk=(\S+)/.exec(line)?.[1] ?? "";
  const cases: [string[], string | undefined][] = [
    [[create, create], "it makes a queue with an ID that is taken"],
    [[create, `DELETE ${id}`, `SUSPEND ${id}`], undefined],
    [
      [create, `DELETE ${id}`, create],
      "it makes a queue with an ID that is taken",
    ],
    [
      [create, `SECURE ${id} ${key(create)}`, `SECURE ${id} ${key(create)}`],
      undefined,
    ],
    [
      [create, `SECURE ${id} ${key(create)}`, `SECURE ${id} ${key(other)}`],
      "it secures a queue that has another key",
    ],
    [
      [create, `QUEUE_SERVICE ${id} N ${id}`],
      "it gives a service to a notifier that there is not",
    ],
    [[create, `TIME ${id} -5`], undefined],
  ];
  for (const [lines, expected] of cases) {
    const { faults } = bookOf(`${lines.join("\n")}\n`);
    assert.equal(faults.get(lines.length), expected, lines.at(-1));
  }
});

Deno.test("no damage to a line throws anything but FormatError", () => {
  const lines = recordedText("store-all-records.log").split("\n");
  for (const line of lines) {
    const step = Math.max(1, Math.floor(line.length / 60));
    for (let at = 0; at < line.length; at += step) {
      for (
        const damaged of [
          line.slice(0, at),
          `${line.slice(0, at)}*${line.slice(at + 1)}`,
          `${line.slice(0, at)} ${line.slice(at)}`,
        ]
      ) {
        try {
          parseStoreLogLine(damaged);
        } catch (error) {
          assert(error instanceof FormatError, damaged);
        }
      }
    }
  }
});
