/**
 * An updater that dies at one of its steps, as if by `kill -9`:
 * `updater_process.ts STEP OPTIONS`, OPTIONS being those of `update` as JSON.
 *
 * @module
 */

import { update } from "../../update/mod.ts";

const [fatal, options] = Deno.args;
const result = await update({
  ...JSON.parse(options),
  onStep: (step) => {
    if (step === fatal) Deno.kill(Deno.pid, "SIGKILL");
  },
});
console.log(JSON.stringify(result));
