/**
 * A SimpleX client outside: for the place `client`. Prints JSON, a line each.
 *
 * ```
 * client.ts ADDRESS                       a queue created, secured, used, deleted
 * client.ts ADDRESS --every MS --for MS   messages with numbers through one queue
 * ```
 *
 * The second sends a message every so often and receives it, connecting anew
 * when the connection breaks (or is silent for 3 s), and repeats each message
 * until the relay took it. At the end it tells how many came, which are missing,
 * and the longest time between two that came.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { testSmp } from "../../probe/mod.ts";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { NumberedMessages } from "./numbered_messages.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: "string" },
    for: { type: "string", default: "10000" },
    timeout: { type: "string", default: "5000" },
  },
});
const [text] = positionals;
const timeoutMs = Number(values.timeout);
if (values.every === undefined) {
  const start = performance.now();
  const result = await testSmp(text, { timeoutMs });
  print({ ...result, ms: Math.round(performance.now() - start) });
  Deno.exitCode = result.ok ? 0 : 1;
} else {
  const messages = new NumberedMessages(parseServerAddress(text), {
    everyMs: Number(values.every),
    timeoutMs: Math.min(timeoutMs, 3000),
    onEvent: print,
  });
  const done = messages.run(Number(values.for));
  Deno.addSignalListener("SIGTERM", () => messages.stop());
  const result = await done;
  print({ event: "end", ...result });
  Deno.exitCode = result.missing.length === 0 && result.received > 0 ? 0 : 1;
  // The listener of signals would keep it alive.
  Deno.exit();
}

function print(what: unknown): void {
  console.log(JSON.stringify(what));
}
