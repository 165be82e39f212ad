import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run, runText } from "./run.ts";
import type { Sources } from "./sources.ts";
import { BuildError, type Target } from "./targets.ts";

/** The bundled program: a directory of files that Deno runs as they are. */
export interface Program {
  readonly directory: string;
  /** Names of the files in it, the entry first. */
  readonly files: readonly string[];
  /** Packages of npm that are in it, as `name@version`, sorted. */
  readonly packages: readonly string[];
}

/** Where the program begins. */
export const ENTRY = "main.js";

const ADDON = "sodium-native.node";

/**
 * Bundles the program with its npm packages: one file for the main thread, one
 * for each worker, the native addon beside them. Where these are is written in
 * the sources as `new URL("./name", import.meta.url)`, and in a bundle that
 * means "beside the bundle".
 *
 * @throws {BuildError}
 */
export async function bundleProgram(
  { directory: sources }: Sources,
  { target, into }: { target: Target; into: string },
): Promise<Program> {
  const sodium = join(sources, "node_modules/sodium-native");
  // Not written in place: the file is a hard link into Deno's own cache.
  await Deno.remove(join(sodium, "binding.js"));
  await Deno.writeTextFile(
    join(sodium, "binding.js"),
    `module.exports = require("./${ADDON}");\n`,
  );
  await Deno.copyFile(
    join(sodium, "prebuilds", target.prebuild, ADDON),
    join(into, ADDON),
  );
  const neighbours = await neighbourFiles(sources);
  const names = new Set(neighbours.map(bundledName));
  if (names.size !== neighbours.length) {
    throw new BuildError("Two workers or assets have the same file name");
  }
  const files = [ENTRY];
  const packages = new Set<string>();
  for (const source of ["main.ts", ...neighbours]) {
    const name = source === "main.ts" ? ENTRY : bundledName(source);
    const path = join(into, name);
    if (name !== ENTRY) files.push(name);
    if (!isModule(source)) {
      await Deno.copyFile(join(sources, source), path);
      continue;
    }
    const code = await bundle(source, { sources, path });
    for (const id of packagesIn(code)) packages.add(id);
    await Deno.writeTextFile(path, withBundledNames(code, neighbours));
  }
  await Deno.chmod(join(into, ADDON), 0o644);
  return {
    directory: into,
    files: [...files, ADDON],
    packages: [...packages].sort(),
  };
}

async function bundle(
  source: string,
  { sources, path }: { sources: string; path: string },
): Promise<string> {
  await run([
    Deno.execPath(),
    "bundle",
    "--quiet",
    "--external",
    "*.node",
    "--output",
    path,
    source,
  ], { cwd: sources });
  return await Deno.readTextFile(path);
}

/** Files that modules of the program name by `new URL(…, import.meta.url)`. */
async function neighbourFiles(sources: string): Promise<string[]> {
  const found = new Set<string>();
  const queue = ["main.ts"];
  for (const entry of queue) {
    const info: { modules?: { local?: string }[] } = JSON.parse(
      await runText([Deno.execPath(), "info", "--json", entry], {
        cwd: sources,
      }),
    );
    for (const { local } of info.modules ?? []) {
      if (local === undefined || local.includes("/node_modules/")) continue;
      for (const url of namedBy(local, await Deno.readTextFile(local))) {
        const path = relative(sources, fileURLToPath(url));
        if (found.has(path)) continue;
        found.add(path);
        if (isModule(path)) queue.push(path);
      }
    }
  }
  return [...found].sort();
}

/** What a module's `new URL(…, import.meta.url)` mean. */
function namedBy(path: string, code: string): URL[] {
  const urls = [
    ...code.matchAll(/new URL\(\s*"(\.[^"]+)",\s*import\.meta\.url/g),
  ];
  const uses = code.match(/import\.meta\.(url|filename|dirname|resolve)/g);
  if ((uses?.length ?? 0) !== urls.length) {
    throw new BuildError(
      `${basename(path)} uses import.meta in a way that does not survive ` +
        `bundling. What does: new URL("./file", import.meta.url)`,
    );
  }
  return urls.map(([, name]) => new URL(name, `file://${path}`));
}

function withBundledNames(code: string, neighbours: string[]): string {
  return code.replaceAll(
    /(new URL\(\s*)"(\.[^"]+)"(,\s*import\.meta\.url)/g,
    (_, before, name, after) => {
      const meant = neighbours.find((path) =>
        basename(path) === basename(name)
      );
      if (!meant) throw new BuildError(`The bundle names ${name}: what is it?`);
      return `${before}"./${bundledName(meant)}"${after}`;
    },
  );
}

function isModule(path: string): boolean {
  return path.endsWith(".ts");
}

function bundledName(path: string): string {
  return isModule(path)
    ? basename(path).replace(/\.ts$/, ".js")
    : basename(path);
}

/** Packages by the comments with which the bundler heads their modules. */
function packagesIn(code: string): string[] {
  const heads = code.matchAll(
    /^\s*\/\/ node_modules\/\.deno\/([^/]+)\/node_modules\/((?:@[^/]+\/)?[^/]+)\//gm,
  );
  return [...heads].map(([, directory, name]) =>
    // The directory's name has "+" for "/", and after "_" what it is linked with.
    `${name}@${/@([^@_]+)(_|$)/.exec(directory.slice(1))?.[1]}`
  );
}
