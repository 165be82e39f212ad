/**
 * Commands of the system that the lab is made with.
 *
 * @module
 */

/** How a command is run. */
export interface CommandOptions {
  /** Given to its standard input. */
  readonly input?: string;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
  /** Where it runs. */
  readonly cwd?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** What a command said. */
export interface CommandOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end and tells what it said, whatever its exit code. */
export async function runCommand(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutput> {
  const [program, ...args] = command;
  const child = new Deno.Command(program, {
    args,
    env: options.env,
    cwd: options.cwd,
    signal: options.signal,
    stdin: options.input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.input !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that ends early does not read it all: its exit code tells.
    await writer.write(new TextEncoder().encode(options.input)).catch(() => {});
    await writer.close().catch(() => {});
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/**
 * Runs a command that has to succeed.
 *
 * @returns its standard output
 * @throws {Error} with what it said when it fails
 */
export async function mustRun(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, options);
  if (code === 0) return stdout;
  const said = (stderr + stdout).trim() || "no message";
  throw new Error(`\`${command.join(" ")}\` failed (${code}): ${said}`);
}
