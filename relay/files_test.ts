import assert from "node:assert/strict";
import { join } from "node:path";
import { syncDirectory, writeFileAtomic } from "./files.ts";

async function withDirectory(
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map((entry) => entry.name).sort();
}

Deno.test("writeFileAtomic writes, replaces, and leaves nothing beside", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "file");
    await writeFileAtomic(path, "one");
    assert.equal(Deno.readTextFileSync(path), "one");
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    await writeFileAtomic(path, bytes);
    assert.deepEqual(Deno.readFileSync(path), bytes);
    assert.deepEqual(names(directory), ["file"]);
    await syncDirectory(directory);
  });
});

Deno.test({
  name: "writeFileAtomic gives the mode asked for, whatever the umask",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withDirectory(async (directory) => {
      for (const mode of [0o600, 0o644, 0o666]) {
        const path = join(directory, mode.toString(8));
        await writeFileAtomic(path, "x", { mode });
        assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, mode);
      }
    });
  },
});

Deno.test("createNew refuses a name that is taken and leaves the file", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "file");
    await writeFileAtomic(path, "first", { createNew: true });
    await assert.rejects(
      writeFileAtomic(path, "second", { createNew: true }),
      Deno.errors.AlreadyExists,
    );
    assert.equal(Deno.readTextFileSync(path), "first");
    assert.deepEqual(names(directory), ["file"]);
  });
});

Deno.test("a failed write throws and leaves nothing", async () => {
  await withDirectory(async (directory) => {
    await assert.rejects(
      writeFileAtomic(join(directory, "absent", "file"), "x"),
      Deno.errors.NotFound,
    );
    Deno.mkdirSync(join(directory, "taken"));
    await assert.rejects(writeFileAtomic(join(directory, "taken"), "x"));
    assert.deepEqual(names(directory), ["taken"]);
  });
});
