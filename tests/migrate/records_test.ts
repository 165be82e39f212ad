import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { createIdentity, identityPaths } from "../../relay/identity/mod.ts";
import { exportState, importState } from "../../relay/migrate/mod.ts";
import { inDirectory, recordedText } from "../../relay/migrate/testing.ts";
import {
  freePort,
  ReferenceServer,
  referenceTest,
} from "./reference_server.ts";

/** Recipient ID of the queue that the reference cannot read back itself. */
const BLOCKED_WITH_NOTICE = "F7vJi_yg4dGxicSARsMQJ2biNjZ8Yefy";

referenceTest(
  "the reference reads every kind of record that is exported",
  () =>
    inDirectory(async (root) => {
      const old = join(root, "old");
      const directory = join(root, "data");
      const out = join(root, "out");
      await createIdentity(old);
      const records = recordedText("store-all-records.log");
      const log = "smp-server-store.log";
      await Deno.writeTextFile(join(old, log), records);
      const { findings } = await importState({
        from: { state: old, config: old },
        directory,
        settingsFile: join(directory, "porchlight.toml"),
      });
      assert.deepEqual(findings.problems.map(({ line }) => line), [34, 35]);
      const port = freePort();
      const config = loadConfig({
        set: [`data.directory=${directory}`, `listen.ports=${port}`],
        env: {},
      });
      const identity = identityPaths(directory);
      await exportState({ config, identity, state: out });
      const place = { config: out, state: out };
      const server = await ReferenceServer.start(place, port);
      const output = await server.stop();
      assert.doesNotMatch(output, /Error parsing|STORE:|rror restoring/);
      // It wrote the log anew at its start, from what it had read.
      const lines = (await Deno.readTextFile(join(out, log))).trimEnd()
        .split("\n");
      const others = lines.filter((line) =>
        !line.includes(BLOCKED_WITH_NOTICE)
      );
      const expected = recordedText("store-all-records.compacted.log").trimEnd()
        .split("\n");
      assert.deepEqual(others.sort(), expected.sort());
      const kept = lines.filter((line) => line.includes(BLOCKED_WITH_NOTICE));
      assert.equal(kept.length, 1);
      assert.match(
        kept[0],
        /status=blocked,reason=\w+,notice=\{.*\} rsrv=\S+$/,
      );
    }),
);
