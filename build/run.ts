import { BuildError } from "./targets.ts";

/** How {@link run} runs a program. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Ends the program after that many milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program and gives its standard output.
 *
 * @throws {BuildError} when it is missing, fails or takes too long; the
 * message has its standard error
 */
export async function run(
  [program, ...args]: readonly string[],
  { cwd, env, timeoutMs }: RunOptions = {},
): Promise<Uint8Array> {
  const signal = timeoutMs ? AbortSignal.timeout(timeoutMs) : undefined;
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, {
      args,
      cwd,
      env: { NO_COLOR: "1", ...env },
      signal,
      stdin: "null",
    }).output();
  } catch (cause) {
    throw new BuildError(`Cannot run ${program}: is it installed?`, { cause });
  }
  if (output.success) return output.stdout;
  const words = new TextDecoder().decode(output.stderr).trim().slice(-4000);
  const how = signal?.aborted ? "took too long" : `failed (${output.code})`;
  throw new BuildError(`${program} ${args[0] ?? ""} ${how}: ${words}`);
}

/** {@link run}, with standard output as trimmed text. */
export async function runText(
  command: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new TextDecoder().decode(await run(command, options)).trim();
}
