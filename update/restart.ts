/**
 * Restarting what runs, so that the other version does.
 *
 * @module
 */

/** Units of `systemd/` that run the program. */
const UNITS = ["porchlight.service", "porchlight-core.service"];

/** How long a command may take, in milliseconds. */
const COMMAND_MS = 60_000;

/** Asks for a restart; does not wait until the relay is up again. */
export type Restart = () => Promise<void>;

/**
 * How relays are restarted on this machine; `undefined`: its owner has to.
 *
 * @param command of the settings, for `/bin/sh`; empty: by systemd
 */
export function findRestart(command: string): Restart | undefined {
  if (command !== "") {
    return async () => void await run("/bin/sh", ["-c", command]);
  }
  return isSystemd() ? restartUnits : undefined;
}

function isSystemd(): boolean {
  try {
    // sd_booted(3)
    return Deno.lstatSync("/run/systemd/system").isDirectory;
  } catch {
    return false;
  }
}

/** A unit that was stopped by its owner stays so; one that failed does not. */
async function restartUnits(): Promise<void> {
  for (const unit of UNITS) {
    const state = (await run("systemctl", ["is-active", unit])).trim();
    if (!["active", "activating", "reloading", "failed"].includes(state)) {
      continue;
    }
    await run("systemctl", ["reset-failed", unit]);
    await run("systemctl", ["--no-block", "restart", unit]);
  }
}

/** What it prints; whether it succeeds shows in whether the relay answers. */
async function run(program: string, args: string[]): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    signal: AbortSignal.timeout(COMMAND_MS),
  });
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout);
}
