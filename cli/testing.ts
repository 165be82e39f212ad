/**
 * The program as a child process, for tests.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/** The words that run `main.ts` with these arguments. */
export function commandLine(...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", "--quiet", main, ...args];
}

/** What a finished command left. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Environment of the commands; unless it says so, none asks a router. */
export interface SpawnOptions {
  readonly env?: Record<string, string>;
}

/** Runs `porchlight` to its end. */
export async function porchlight(
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Finished> {
  const { code, stdout, stderr } = await spawn(commandLine(...args), options)
    .output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Starts any command with piped output. */
export function spawn(
  [program, ...args]: readonly string[],
  { env = {} }: SpawnOptions = {},
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    env: {
      PORCHLIGHT_PATH_MAP_PORT: "false",
      PORCHLIGHT_ONION_ENABLED: "off",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** A relay that runs until {@link RunningCommand.stop}. */
export class RunningCommand {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Promise<void>;
  readonly #stderr: Promise<void>;
  #ended = false;
  /** Standard output so far. */
  stdout = "";
  /** Standard error so far. */
  stderr = "";

  constructor(command: readonly string[], options: SpawnOptions = {}) {
    this.#child = spawn(command, options);
    this.#stdout = this.#read(
      this.#child.stdout,
      (text) => this.stdout += text,
    );
    this.#stderr = this.#read(
      this.#child.stderr,
      (text) => this.stderr += text,
    );
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    take: (text: string) => void,
  ): Promise<void> {
    const texts = stream.pipeThrough(new TextDecoderStream());
    for await (const text of texts) take(text);
    await this.#child.status;
    this.#ended = true;
  }

  /**
   * Waits until standard output has what is looked for.
   *
   * @throws {Error} with all output, if the command ends or takes too long
   */
  async shows(pattern: RegExp, withinMs = 20_000): Promise<RegExpExecArray> {
    const end = performance.now() + withinMs;
    while (performance.now() < end) {
      const ended = this.#ended;
      const found = pattern.exec(this.stdout);
      if (found !== null) return found;
      if (ended) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`Never saw ${pattern} in:\n${this.stdout}${this.stderr}`);
  }

  /** Sends a signal and waits for the end: exit code and milliseconds it took. */
  async stop(
    signal: Deno.Signal = "SIGTERM",
  ): Promise<{ code: number; tookMs: number }> {
    const before = performance.now();
    if (!this.#ended) this.#child.kill(signal);
    const { code } = await this.#child.status;
    await Promise.all([this.#stdout, this.#stderr]);
    return { code, tookMs: performance.now() - before };
  }
}

/** Runs a test in a directory of its own. */
export async function inDirectory(
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
