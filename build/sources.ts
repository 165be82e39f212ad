import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, runText } from "./run.ts";
import { BuildError, DENO_VERSION } from "./targets.ts";

/** The checkout that this file is part of. */
export const CHECKOUT = fileURLToPath(new URL("../", import.meta.url));

/** A copy of a commit that can be built, with its npm packages. */
export interface Sources {
  readonly directory: string;
  readonly version: string;
  /** Full name of the commit. */
  readonly commit: string;
  /** When it was made, in seconds since 1970: the date of all that is built. */
  readonly time: number;
}

/**
 * Takes a commit out of git into an empty directory, stamps it, and installs
 * its npm packages. From git and not from the work tree, so that the commit
 * alone decides what is built.
 *
 * @throws {BuildError}
 */
export async function takeSources(
  directory: string,
  { revision }: { revision: string },
): Promise<Sources> {
  if (Deno.version.deno !== DENO_VERSION) {
    throw new BuildError(
      `This is Deno ${Deno.version.deno}, and builds need ${DENO_VERSION}: ` +
        "try ./porchlight deno task compile",
    );
  }
  const git = ["git", "-C", CHECKOUT];
  const commit = await commitNamed(revision);
  const time = await runText([...git, "show", "-s", "--format=%ct", commit]);
  const archive = join(directory, "sources.tar");
  await run([...git, "archive", `--output=${archive}`, commit]);
  await run(["tar", "-xf", archive, "-C", directory]);
  await Deno.remove(archive);
  await Deno.writeTextFile(
    join(directory, "relay/build.json"),
    `${JSON.stringify({ commit })}\n`,
  );
  await run([Deno.execPath(), "install", "--quiet", "--frozen"], {
    cwd: directory,
  });
  const text = await Deno.readTextFile(join(directory, "deno.json"));
  const project: unknown = JSON.parse(text);
  if (
    typeof project !== "object" || project === null ||
    !("version" in project) || typeof project.version !== "string"
  ) throw new BuildError("deno.json has no version");
  return { directory, version: project.version, commit, time: Number(time) };
}

/** Full name of the commit that a name means now. */
export async function commitNamed(revision: string): Promise<string> {
  return await runText([
    "git",
    "-C",
    CHECKOUT,
    "rev-parse",
    "--verify",
    `${revision}^{commit}`,
  ]);
}

/** Whether the work tree has changes that no commit has. */
export async function hasChanges(): Promise<boolean> {
  const git = ["git", "-C", CHECKOUT];
  return await runText([...git, "status", "--porcelain", "-uno"]) !== "";
}
