import { dirname, join } from "node:path";
import { ENTRY, type Program } from "./program.ts";
import { run, runText } from "./run.ts";
import { BuildError, RUN_FLAGS, type Target } from "./targets.ts";

/** `deno compile` may have to download its base. */
const TIMEOUT_MS = 180_000;

/**
 * Makes one executable with `deno compile`. Its base, `denort`, is the file
 * that `DENORT_BIN` names, or Deno downloads it.
 *
 * @throws {BuildError} when there is no `denort`, or it is for another machine
 */
export async function packCompiled(
  program: Program,
  { target, time, output, denort }: {
    target: Target;
    /** What the files are dated, in seconds since 1970. */
    time: number;
    output: string;
    denort: string | undefined;
  },
): Promise<void> {
  if (denort !== undefined) await checkMachine(denort, target);
  for (const name of program.files) {
    await Deno.utime(join(program.directory, name), time, time);
  }
  // The executable carries the name that it is made under.
  const work = await Deno.makeTempDir({ dir: dirname(output) });
  const others = program.files.filter((name) => name !== ENTRY);
  const made = join(work, "porchlight");
  try {
    await run([
      Deno.execPath(),
      "compile",
      "--quiet",
      "--no-config",
      ...RUN_FLAGS,
      ...others.flatMap((name) => ["--include", name]),
      "--target",
      target.triple,
      "--output",
      made,
      ENTRY,
    ], {
      cwd: program.directory,
      timeoutMs: TIMEOUT_MS,
      env: denort === undefined ? undefined : { DENORT_BIN: denort },
    });
    if (target.name === `${Deno.build.arch}-linux`) await checkRuns(made);
    await Deno.rename(made, output);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Deno takes any program as base; only on a `denort` does the result run. */
async function checkRuns(path: string): Promise<void> {
  const words = await runText([path, "version"], { timeoutMs: 60_000 })
    .catch((cause) => {
      throw new BuildError("What was made does not run: no denort is below", {
        cause,
      });
    });
  if (!words.startsWith("porchlight ")) {
    throw new BuildError("What was made is not Porchlight: no denort is below");
  }
}

/** elf(5): `\x7fELF`, and the machine at byte 18. */
async function checkMachine(path: string, target: Target): Promise<void> {
  const head = new Uint8Array(20);
  try {
    using file = await Deno.open(path);
    await file.read(head);
  } catch (cause) {
    throw new BuildError(`DENORT_BIN names ${path}, which cannot be read`, {
      cause,
    });
  }
  const isElf = new TextDecoder().decode(head.subarray(1, 4)) === "ELF";
  if (isElf && head[18] === target.elfMachine) return;
  throw new BuildError(
    `DENORT_BIN names a file that is not for ${target.name}: ` +
      path,
  );
}
