import assert from "node:assert/strict";
import { join } from "node:path";
import { Registry } from "./mod.ts";

Deno.test({
  name: "who is listed, and from where, is for the operator's eyes",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      using _registry = new Registry({
        path: join(folder, "directory.db"),
        maxRelays: 4,
        onError: (error) => assert.fail(String(error)),
      });
      for await (const { name } of Deno.readDir(folder)) {
        const { mode } = await Deno.stat(join(folder, name));
        assert.equal((mode ?? 0) & 0o077, 0, name);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
