import assert from "node:assert/strict";
import { join } from "node:path";
import { DAILY_HEADER } from "./daily_columns.ts";
import { DailyFile, untilTimeOfDay } from "./daily_file.ts";

async function inDirectory(run: (directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a new file has a header row, one of the reference goes on", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "daily.csv");
    await new DailyFile(path, DAILY_HEADER).add("one");
    await new DailyFile(path, DAILY_HEADER).add("two");
    assert.equal(await Deno.readTextFile(path), `${DAILY_HEADER}\none\ntwo\n`);
    const old = join(directory, "smp-server-stats.daily.log");
    await Deno.writeTextFile(old, "zero\n");
    await new DailyFile(old, DAILY_HEADER).add("one");
    assert.equal(await Deno.readTextFile(old), "zero\none\n");
  }));

Deno.test("lines wait for a place that can be written to", () =>
  inDirectory(async (directory) => {
    const folder = join(directory, "not there yet");
    const path = join(folder, "daily.csv");
    const file = new DailyFile(path, DAILY_HEADER);
    await assert.rejects(file.add("one"), Deno.errors.NotFound);
    await assert.rejects(file.add("two"), Deno.errors.NotFound);
    await Deno.mkdir(folder);
    await file.add("three");
    const lines = (await Deno.readTextFile(path)).split("\n");
    assert.deepEqual(lines.slice(1), ["one", "two", "three", ""]);
    await Deno.remove(folder, { recursive: true });
    for (let n = 0; n < 40; n++) {
      await assert.rejects(file.add(String(n)));
    }
    await Deno.mkdir(folder);
    await file.add("last");
    const [, first, ...rest] = (await Deno.readTextFile(path)).split("\n");
    assert.equal(first, "10");
    assert.deepEqual(rest.slice(-2), ["last", ""]);
  }));

Deno.test("the first line comes at its time of the day", () => {
  const at = (time: string) => Date.parse(`2026-11-20T${time}Z`);
  const hour = 3_600_000;
  assert.equal(untilTimeOfDay(0, at("23:00")), hour);
  assert.equal(untilTimeOfDay(0, at("00:00")), 0);
  assert.equal(untilTimeOfDay(3 * hour, at("01:00")), 2 * hour);
  assert.equal(untilTimeOfDay(3 * hour, at("04:00")), 23 * hour);
  assert.equal(untilTimeOfDay(24 * hour, at("04:00")), 20 * hour);
});
