import assert from "node:assert/strict";
import { join } from "node:path";
import { FILE_DAILY_HEADER } from "./file_columns.ts";
import { besidePath, FileRecorder } from "./file_recorder.ts";
import { FileTotals } from "./file_totals.ts";

async function recorded(
  run: (make: (totals: FileTotals) => FileRecorder, dir: string) => unknown,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const failures: unknown[] = [];
    await run((statistics) =>
      new FileRecorder({
        statistics,
        stored: () => ({ uploaded: 2, bytesUsed: 3072 }),
        backupFile: join(directory, "statistics.json"),
        dailyFile: join(directory, "daily.csv"),
        intervalMs: 3_600_000,
        startTimeMs: (Date.now() + 200) % 86_400_000,
        onState: (part, error) => error && failures.push([part, error]),
      }), directory);
    assert.deepEqual(failures, []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("counts of files outlive a restart", () =>
  recorded(async (make, directory) => {
    const before = new FileTotals(1000);
    const first = make(before);
    await first.start();
    before.add("filesUploaded", 3);
    before.fileDownloaded(new Uint8Array(16).fill(1));
    before.fileDownloaded(new Uint8Array(16).fill(2));
    await first.stop();
    const path = join(directory, "statistics-files.json");
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);

    const after = new FileTotals();
    await using again = make(after);
    await again.start();
    assert.equal(after.since, 1000);
    assert.equal(after.snapshot().filesUploaded, 3);
    assert.equal(after.snapshot().filesDeleted, 0);
    // The same file is not counted twice, although the salt is secret.
    after.fileDownloaded(new Uint8Array(16).fill(2));
    assert.deepEqual(after.downloaded.estimates, { day: 2, week: 2, month: 2 });
  }));

Deno.test("a line of files in the reference's order", () =>
  recorded(async (make, directory) => {
    const totals = new FileTotals(Date.UTC(2026, 10, 20));
    totals.add("filesCreated", 7);
    totals.add("filesExpired", 5);
    totals.fileDownloaded(new Uint8Array(16));
    await using recorder = make(totals);
    await recorder.start();
    const path = join(directory, "daily-files.csv");
    let text = "";
    for (let turn = 0; turn < 200 && !text.includes("\n2026"); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      text = await Deno.readTextFile(path).catch(() => "");
    }
    const [header, line] = text.split("\n");
    assert.equal(header, FILE_DAILY_HEADER);
    const values = line.split(",");
    assert.equal(header.split(",").length, values.length);
    assert.equal(values.length, 13);
    assert.deepEqual(values.slice(0, 6), [
      "2026-11-20",
      "7",
      "0",
      "0",
      "0",
      "1",
    ]);
    assert.deepEqual(values.slice(8), ["0", "0", "2", "3072", "5"]);
    assert.equal(totals.growth.filesCreated, 0, "the next period began");
    assert.equal(totals.snapshot().filesCreated, 7);
  }));

Deno.test("what is no backup is not taken over", () => {
  const totals = new FileTotals(5);
  for (const text of ["", "[]", "{}", '{"format":2}', '{"format":1}']) {
    assert.equal(totals.restore(text), false);
  }
  assert.equal(totals.since, 5);
});

Deno.test("the file for files stands beside that for messages", () => {
  assert.equal(
    besidePath("/a.b/statistics.json"),
    "/a.b/statistics-files.json",
  );
  assert.equal(besidePath("/a.b/daily"), "/a.b/daily-files");
  assert.equal(besidePath("stats.daily.csv"), "stats.daily-files.csv");
});
