/**
 * A real `tor` that never touches a network: unpacked from its Debian package,
 * with its control port on a Unix socket and `DisableNetwork 1`.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../packages.ts";

const cache = fileURLToPath(new URL("../../.cache/tor", import.meta.url));

/** Why there is no tor for tests, in words; undefined when there is one. */
export async function torMissing(): Promise<string | undefined> {
  try {
    await torProgram();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface TorProgram {
  readonly path: string;
  readonly env: Record<string, string>;
}

let program: Promise<TorProgram> | undefined;

/** @throws {Error} when tor cannot be had */
function torProgram(): Promise<TorProgram> {
  program ??= findProgram();
  return program;
}

async function findProgram(): Promise<TorProgram> {
  if (await hasProgram("tor")) return { path: "tor", env: {} };
  for (const needed of ["apt-get", "dpkg"]) {
    if (!await hasProgram(needed)) throw new Error(`there is no ${needed}`);
  }
  const root = join(cache, Deno.build.arch);
  const path = join(root, "usr/bin/tor");
  const triplet = `${Deno.build.arch}-linux-gnu`;
  const env = {
    LD_LIBRARY_PATH: `${root}/usr/lib/${triplet}:${root}/lib/${triplet}`,
  };
  if (!await works({ path, env })) await unpack(root);
  if (await works({ path, env })) return { path, env };
  throw new Error("the tor of the Debian package does not run here");
}

async function works({ path, env }: TorProgram): Promise<boolean> {
  try {
    const args = ["--version"];
    const output = await new Deno.Command(path, { args, env }).output();
    return output.success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function unpack(root: string): Promise<void> {
  await Deno.mkdir(cache, { recursive: true });
  const directory = await Deno.makeTempDir({ dir: cache });
  try {
    await Deno.chmod(directory, 0o777);
    const packages = ["tor", "libevent-2.1-7", "libseccomp2"];
    const args = ["download", ...packages];
    const got = await new Deno.Command("apt-get", {
      args,
      cwd: directory,
      stdout: "null",
      stderr: "null",
    }).output();
    if (!got.success) throw new Error(`cannot run apt-get ${args.join(" ")}`);
    for await (const { name } of Deno.readDir(directory)) {
      if (!name.endsWith(".deb")) continue;
      const args = ["-x", join(directory, name), join(directory, "root")];
      await new Deno.Command("dpkg", { args }).output();
    }
    await Deno.remove(root, { recursive: true }).catch(() => {});
    await Deno.rename(join(directory, "root"), root);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The password as `HashedControlPassword` takes it. */
export async function hashedPassword(password: string): Promise<string> {
  const { path, env } = await torProgram();
  const args = ["--quiet", "--hash-password", password];
  const { stdout } = await new Deno.Command(path, { args, env }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
}

/** A tor on a control socket of its own. */
export class TestTor implements AsyncDisposable {
  readonly #directory: string;
  readonly #settings: readonly string[];
  #child: Deno.ChildProcess | undefined;

  private constructor(directory: string, settings: readonly string[]) {
    this.#directory = directory;
    this.#settings = settings;
  }

  /** `settings`: further lines of torrc. */
  static async start(settings: readonly string[] = []): Promise<TestTor> {
    const directory = await Deno.makeTempDir();
    await Deno.chmod(directory, 0o700);
    const tor = new TestTor(directory, settings);
    await tor.run();
    return tor;
  }

  /** The control socket. */
  get socket(): string {
    return join(this.#directory, "control");
  }

  /** Starts it, for the first time or again, and waits for its socket. */
  async run(): Promise<void> {
    const { path, env } = await torProgram();
    const torrc = join(this.#directory, "torrc");
    await Deno.writeTextFile(
      torrc,
      [
        `DataDirectory ${join(this.#directory, "data")}`,
        "DisableNetwork 1",
        "SocksPort 0",
        `ControlSocket ${this.socket}`,
        ...this.#settings,
        "",
      ].join("\n"),
    );
    this.#child = new Deno.Command(path, {
      args: ["-f", torrc, "--defaults-torrc", "/dev/null", "--quiet"],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const end = performance.now() + 20_000;
    for (;;) {
      try {
        (await Deno.connect({ transport: "unix", path: this.socket })).close();
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  }

  /** Ends it, as a crash would. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }
}
