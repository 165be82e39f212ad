import assert from "node:assert/strict";
import { join } from "node:path";
import { Contribution } from "./contribution.ts";

const since = new Date(2026, 10, 3).toISOString();
const on = (day: number, hour = 12) => new Date(2026, 10, day, hour);

async function inFile(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(join(directory, "contribution.json"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("each day has what the counters grew by, over restarts too", () =>
  inFile(async (path) => {
    const first = await Contribution.open(path);
    // What is from before is of no known day.
    first.add({ since, messages: 100, files: 10 }, on(5));
    first.add({ since, messages: 120, files: 11 }, on(5, 13));
    first.add({ since, messages: 150, files: 11 }, on(6));
    await first.save();
    assert.equal(Number((await Deno.stat(path)).mode) & 0o777, 0o600);
    const second = await Contribution.open(path);
    second.add({ since, messages: 155, files: 12 }, on(6, 14));
    // Counting has begun anew, today.
    const anew = on(7, 1).toISOString();
    second.add({ since: anew, messages: 3, files: 0 }, on(7));
    const month = second.month(on(20));
    assert.equal(month.length, 30);
    assert.deepEqual(month.slice(3, 8), [
      { day: 4, messages: 0, files: 0 },
      { day: 5, messages: 20, files: 1 },
      { day: 6, messages: 35, files: 1 },
      { day: 7, messages: 3, files: 0 },
      { day: 8, messages: 0, files: 0 },
    ]);
    assert.equal(second.month(new Date(2026, 11, 2))[4].messages, 0);
  }));

Deno.test("old days are forgotten, and a damaged file is as none", () =>
  inFile(async (path) => {
    const long = await Contribution.open(path);
    for (let day = 0; day < 100; day++) {
      long.add({ since, messages: day, files: 0 }, on(1 + day));
    }
    await long.save();
    const { days } = JSON.parse(await Deno.readTextFile(path));
    assert.equal(Object.keys(days).length, 70);
    for (
      const text of [
        "",
        "[",
        "null",
        "[]",
        '{"format":2}',
        '{"format":1,"days":null,"last":7}',
        '{"format":1,"days":{"2026-11-05":{"messages":-1,"files":"x"},"<b>":{"messages":1,"files":1}}}',
        " ".repeat(100_000),
      ]
    ) {
      await Deno.writeTextFile(path, text);
      const damaged = await Contribution.open(path);
      damaged.add({ since, messages: 5, files: 5 }, on(5));
      const sum = damaged.month(on(5)).reduce(
        (all, { messages }) => all + messages,
        0,
      );
      assert.equal(sum, 0, text.slice(0, 60));
    }
  }));
