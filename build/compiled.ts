import { join } from "node:path";
import { ENTRY, type Program } from "./program.ts";
import { run } from "./run.ts";
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
  { target, output, denort }: {
    target: Target;
    output: string;
    denort: string | undefined;
  },
): Promise<void> {
  if (denort !== undefined) await checkMachine(denort, target);
  const others = program.files.filter((name) => name !== ENTRY);
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
    `${output}.new`,
    ENTRY,
  ], {
    cwd: program.directory,
    timeoutMs: TIMEOUT_MS,
    env: denort === undefined ? undefined : { DENORT_BIN: denort },
  });
  await Deno.rename(`${output}.new`, output);
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
      join(path),
  );
}
