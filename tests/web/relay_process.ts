/**
 * A relay with its page as a process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { commandLine, RunningCommand } from "../../cli/testing.ts";

/** A relay that runs in `data`, which is made, with its page on loopback. */
export async function startWithPage(
  data: string,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  await Deno.mkdir(data);
  await Deno.writeTextFile(
    join(data, "porchlight.toml"),
    '[listen]\naddresses = ["127.0.0.1"]\nports = [0]\n' +
      `[web]\nenabled = true\naddress = "127.0.0.1:${port}"\n`,
  );
  const command = new RunningCommand(commandLine("start", "--data", data));
  try {
    await command.shows(/smp:\/\//);
  } catch (error) {
    await command.stop("SIGKILL");
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      const { code } = await command.stop();
      assert.equal(code, 0, command.stderr);
    },
  };
}
