/**
 * A core in a place of the lab. `core.ts KEY=VALUE …`: settings, as with `--set`.
 * Prints its address when it runs; SIGTERM ends it in good order.
 *
 * @module
 */

import { loadConfig } from "../../config/mod.ts";
import { startCore } from "../../core/core.ts";
import { createLog } from "../../relay/log.ts";

const core = await startCore({
  config: loadConfig({ set: Deno.args, env: {} }),
  log: createLog({ level: "info" }),
});
console.log(core.address);
await new Promise<void>((resolve) =>
  Deno.addSignalListener("SIGTERM", () => resolve())
);
await core.stop();
// The listener of signals would keep it alive.
Deno.exit();
