import assert from "node:assert/strict";
import { join } from "node:path";
import { runText } from "./run.ts";
import { tar } from "./tar.ts";

Deno.test("the system's tar reads what was written", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const archive = join(directory, "a.tar");
    const content = new TextEncoder().encode("x".repeat(513));
    await Deno.writeFile(
      archive,
      tar([
        { path: "d", mode: 0o750, type: "directory", id: 7 },
        { path: "d/f", mode: 0o640, type: "file", content },
        { path: "d/l", mode: 0o777, type: "link", target: "f" },
      ], 86_400),
    );
    const list = await runText([
      "tar",
      "--numeric-owner",
      "--full-time",
      "--utc",
      "-tvf",
      archive,
    ], { env: { TZ: "UTC" } });
    assert.deepEqual(list.split("\n").map((line) => line.split(/\s+/)), [
      ["drwxr-x---", "7/7", "0", "1970-01-02", "00:00:00", "d/"],
      ["-rw-r-----", "0/0", "513", "1970-01-02", "00:00:00", "d/f"],
      ["lrwxrwxrwx", "0/0", "0", "1970-01-02", "00:00:00", "d/l", "->", "f"],
    ]);
    await runText(["tar", "--no-same-owner", "-xf", archive, "-C", directory]);
    assert.deepEqual(await Deno.readFile(join(directory, "d/l")), content);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a path that does not fit is an error", () => {
  const path = "p".repeat(101);
  assert.throws(
    () => tar([{ path, mode: 0o644, type: "file" }], 0),
    RangeError,
  );
});
