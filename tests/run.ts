/**
 * `./porchlight test`: installs what the tests need, runs them all, and closes
 * with a line of the plain form `N passed, N failed`. Arguments are handed to
 * `deno test`: `./porchlight test config/` runs one folder.
 *
 * @module
 */

import { missingPackages } from "./packages.ts";

/** Installs Debian packages where that needs no question, else says what is missing. */
async function install(packages: readonly string[]): Promise<void> {
  if (packages.length === 0) return;
  const names = packages.join(" ");
  const sudo = Deno.uid() === 0 ? [] : ["sudo", "-n"];
  const known = await succeeds(["apt-get", "--version"]);
  if (!known || (sudo.length > 0 && !await succeeds(["sudo", "-n", "true"]))) {
    console.log(`Some tests do less without these packages: ${names}`);
    if (known) console.log(`  sudo apt-get install ${names}`);
    return;
  }
  console.log(`Installing what the tests need: ${names}`);
  const apt = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
  const options = ["-qq", "-y", "--no-install-recommends"];
  const done = await succeeds([...apt, "update", "-qq"]) &&
    await succeeds([...apt, "install", ...options, ...packages]);
  if (!done) console.log("That did not work; going on without them.");
}

async function succeeds([command, ...args]: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs `deno test`, shows its output and gives its last words and exit code. */
async function runTests(
  args: readonly string[],
): Promise<{ tail: string; code: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--frozen", "--quiet", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let tail = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    await Deno.stdout.write(new TextEncoder().encode(text));
    tail = (tail + text).slice(-4096);
  }
  return { tail, code: (await child.status).code };
}

await install(await missingPackages());
const { tail, code } = await runTests(Deno.args);
const summary = [...tail.matchAll(
  /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm,
)].at(-1);
const passed = Number(summary?.[1] ?? 0);
// A run that breaks off, at a type error for example, has no summary.
const failed = Math.max(Number(summary?.[2] ?? 0), code === 0 ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(code === 0 && passed === 0 ? 1 : code);
