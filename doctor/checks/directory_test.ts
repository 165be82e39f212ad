import assert from "node:assert/strict";
import type { PartStatus } from "../../relay/control/mod.ts";
import { ask, running, short } from "../testing.ts";
import { directory } from "./directory.ts";

const set = ["share.listed=public"];

function relay(parts: readonly PartStatus[]) {
  assert(running.state === "running");
  return { ...running, status: { ...running.status, parts } };
}

Deno.test("directories: not wanted, nobody to ask, listed, refused", async () => {
  assert.deepEqual(await ask(directory, {}), []);
  assert.match(short(await ask(directory, { set }))[0], /^skipped: /);
  assert.match(
    short(await ask(directory, { set, relay: relay([]) }))[0],
    /^skipped: The running relay does not say/,
  );
  const parts: PartStatus[] = [
    { name: "listener", state: "ok" },
    {
      name: "directory",
      state: "degraded",
      reason: "It does not list this relay.",
      remedy: "Open the port.",
    },
    { name: "share", state: "ok", note: "Given so far: 10 messages." },
  ];
  const found = await ask(directory, { set, relay: relay(parts) });
  assert.deepEqual(short(found), [
    "warning: It does not list this relay.",
    "ok: Given so far: 10 messages.",
  ]);
  assert.equal(found[0].remedy, "Open the port.");
});
