import { createHash } from "node:crypto";
import { join } from "node:path";
import { run } from "./run.ts";
import { CHECKOUT } from "./sources.ts";
import { BuildError, DENO_VERSION, type Target } from "./targets.ts";

/**
 * Deno's binary for a target, by npm; kept in the checkout's `.cache`.
 *
 * @returns its path
 * @throws {BuildError} when npm cannot fetch it, or it is not the pinned one
 */
export async function fetchDeno(
  { denoPackage, denoIntegrity }: Target,
): Promise<string> {
  const directory = join(CHECKOUT, ".cache/deno-packages");
  await Deno.mkdir(directory, { recursive: true });
  const name = `${
    denoPackage.replace("@", "").replace("/", "-")
  }-${DENO_VERSION}`;
  const archive = join(directory, `${name}.tgz`);
  if (!await isPinned(archive, denoIntegrity)) {
    const specifier = `${denoPackage}@${DENO_VERSION}`;
    await run(["npm", "pack", "--silent", specifier], { cwd: directory });
    if (!await isPinned(archive, denoIntegrity)) {
      await Deno.remove(archive).catch(() => {});
      throw new BuildError(
        `npm gave another ${specifier} than the one that is pinned`,
      );
    }
  }
  const work = await Deno.makeTempDir({ dir: directory });
  try {
    await run(["tar", "-xzf", archive, "-C", work, "package/deno"]);
    const binary = join(directory, name);
    await Deno.rename(join(work, "package/deno"), binary);
    return binary;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Whether a file has the hash that npm writes as `sha512-<base64>`. */
async function isPinned(path: string, integrity: string): Promise<boolean> {
  try {
    const bytes = await Deno.readFile(path);
    const hash = createHash("sha512").update(bytes).digest("base64");
    return `sha512-${hash}` === integrity;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
