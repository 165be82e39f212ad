import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../porchlight", import.meta.url));

/** A home of its own, and a PATH with the system's plain tools and nothing else. */
async function inHome(
  run: (home: string, path: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    const path = join(home, "bin");
    await Deno.mkdir(path);
    for (const tool of ["sh", "dirname", "readlink", "uname", "getconf"]) {
      await Deno.symlink(await which(tool), join(path, tool));
    }
    await run(home, path);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function which(tool: string): Promise<string> {
  for (const directory of ["/usr/bin", "/bin"]) {
    const path = join(directory, tool);
    if (await Deno.stat(path).then(() => true, () => false)) return path;
  }
  throw new Error(`This system has no ${tool}`);
}

async function porchlight(
  { home, path, program = script }: {
    home: string;
    path: string;
    program?: string;
  },
  ...args: string[]
) {
  const output = await new Deno.Command(program, {
    args,
    cwd: home,
    clearEnv: true,
    env: { HOME: home, PATH: path, DENO_DIR: join(home, "deno") },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

Deno.test("without Deno and npm, the script says what to install", () =>
  inHome(async (home, path) => {
    const { code, stdout, stderr } = await porchlight({ home, path }, "start");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /Install npm and try again/);
    assert(stderr.split("\n").every((line) => /^(porchlight: |$)/.test(line)));
  }));

Deno.test("the pinned Deno on PATH is used, from anywhere, by any name", () =>
  inHome(async (home, path) => {
    await Deno.symlink(Deno.execPath(), join(path, "deno"));
    const link = join(home, "relay");
    await Deno.symlink(script, link);
    for (const program of [script, link]) {
      const at = { home, path, program };
      const { code, stdout, stderr } = await porchlight(at, "version");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^porchlight \d/);
      assert.equal(stderr, "");
    }
  }));

Deno.test("another version on PATH is passed over for the kept copy", () =>
  inHome(async (home, path) => {
    const other = join(path, "deno");
    await Deno.writeTextFile(other, "#!/bin/sh\necho deno 2.9.50\n");
    await Deno.chmod(other, 0o755);
    const without = await porchlight({ home, path }, "version");
    assert.equal(without.code, 1, "2.9.50 is not 2.9.5");

    const version = /^version=(\S+)$/m.exec(await Deno.readTextFile(script));
    const kept = join(home, `.cache/porchlight/deno-${version?.[1]}`);
    await Deno.mkdir(kept, { recursive: true });
    await Deno.symlink(Deno.execPath(), join(kept, "deno"));
    const { code, stdout } = await porchlight(
      { home, path },
      "deno",
      "eval",
      "console.log(Deno.version.deno)",
    );
    assert.equal(code, 0);
    assert.equal(stdout, `${version?.[1]}\n`);
  }));
