/**
 * `deno task compile`: makes the executables `dist/porchlight-<target>`, each
 * with its SBOM and the licences of what is in it.
 *
 * ```sh
 * deno task compile                            # for all machines
 * deno task compile --target aarch64-linux     # for one
 * deno task compile --kind self-extracting     # without asking for denort
 * ```
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { packCompiled } from "./compiled.ts";
import { componentsOf, thirdPartyText } from "./components.ts";
import { fetchDeno } from "./deno_package.ts";
import { bundleProgram } from "./program.ts";
import { sbomOf } from "./sbom.ts";
import { packSelfExtracting } from "./self_extracting.ts";
import {
  CHECKOUT,
  commitNamed,
  hasChanges,
  type Sources,
  takeSources,
} from "./sources.ts";
import {
  BuildError,
  DENO_VERSION,
  type Target,
  targetNamed,
  TARGETS,
} from "./targets.ts";

/** What kind of executable is made. */
export type Kind = "compiled" | "self-extracting" | "auto";

/** What {@link compile} is asked for. */
export interface CompileOptions {
  readonly targets: readonly Target[];
  /** `auto`: compiled where there is a `denort`, else self-extracting. */
  readonly kind: Kind;
  /** Directory for what is made. */
  readonly output: string;
  /** Commit, branch or tag. */
  readonly revision: string;
  /** Path of a `denort`. */
  readonly denort?: string;
  readonly notice?: (line: string) => void;
}

/** An executable that {@link compile} made. */
export interface Artifact {
  readonly target: Target;
  readonly path: string;
  readonly kind: Exclude<Kind, "auto">;
  readonly version: string;
  readonly commit: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * Makes executables out of a commit.
 *
 * @throws {BuildError}
 */
export async function compile(options: CompileOptions): Promise<Artifact[]> {
  const output = resolve(options.output);
  await Deno.mkdir(output, { recursive: true });
  const artifacts: Artifact[] = [];
  // Once for all of them: somebody may commit meanwhile.
  const revision = await commitNamed(options.revision);
  for (const target of options.targets) {
    const work = await Deno.makeTempDir({ prefix: "porchlight-build-" });
    try {
      artifacts.push(
        await compileOne(target, { ...options, revision, work, output }),
      );
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }
  return artifacts;
}

async function compileOne(
  target: Target,
  { work, output, ...options }: CompileOptions & { work: string },
): Promise<Artifact> {
  const sources = await takeSources(await makeDirectory(work, "sources"), {
    revision: options.revision,
  });
  const program = await bundleProgram(sources, {
    target,
    into: await makeDirectory(work, "program"),
  });
  const components = await componentsOf(program, { sources, target });
  const licences = thirdPartyText(components);
  const licenceFile = "THIRD_PARTY.txt";
  await Deno.writeTextFile(join(program.directory, licenceFile), licences);
  const complete = { ...program, files: [...program.files, licenceFile] };
  const path = join(output, `porchlight-${target.name}`);
  const kind = await pack(complete, { ...options, sources, target, path });
  await Deno.chmod(path, 0o755);
  const bytes = await Deno.readFile(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await Deno.writeTextFile(
    `${path}.cdx.json`,
    sbomOf(components, { sources, target, sha256 }),
  );
  await Deno.writeTextFile(join(output, licenceFile), licences);
  const { version, commit } = sources;
  return { target, path, kind, version, commit, sha256, size: bytes.length };
}

async function makeDirectory(parent: string, name: string): Promise<string> {
  const path = join(parent, name);
  await Deno.mkdir(path);
  return path;
}

async function pack(
  program: Parameters<typeof packCompiled>[0],
  { sources, target, path, kind, denort, notice }:
    & Pick<CompileOptions, "kind" | "denort" | "notice">
    & { sources: Sources; target: Target; path: string },
): Promise<Artifact["kind"]> {
  if (kind !== "self-extracting") {
    try {
      await packCompiled(program, {
        target,
        time: sources.time,
        output: path,
        denort,
      });
      return "compiled";
    } catch (error) {
      if (kind === "compiled" || !(error instanceof BuildError)) throw error;
      notice?.(
        `"deno compile" has no base (denort) for ${target.name}: ` +
          `${reasonIn(error.message)}`,
      );
      notice?.(
        `So this is a self-extracting file with npm's Deno ${DENO_VERSION} in it. It does the`,
      );
      notice?.(
        "same; the first start takes some seconds and 90 MB of disk more. For the other",
      );
      notice?.("kind, name a denort: DENORT_BIN=FILE deno task compile");
    }
  }
  const deno = await fetchDeno(target);
  await packSelfExtracting(program, { sources, target, deno, output: path });
  return "self-extracting";
}

/** The last of the reasons that Deno lists, one a line, before its backtrace. */
function reasonIn(message: string): string {
  const [reasons] = message.split("\n\nStack backtrace");
  return reasons.split("\n").at(-1)?.replace(/^\s*\d+: /, "") ?? message;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      kind: { type: "string", default: "auto" },
      output: { type: "string", default: join(CHECKOUT, "dist") },
      revision: { type: "string", default: "HEAD" },
    },
  });
  const notice = (line: string) => console.error(line);
  try {
    const { kind } = values;
    if (
      kind !== "auto" && kind !== "compiled" && kind !== "self-extracting"
    ) throw new BuildError("--kind is auto, compiled or self-extracting");
    if (values.revision === "HEAD" && await hasChanges()) {
      notice("The last commit is built; changes since then are not in it.");
    }
    const artifacts = await compile({
      targets: values.target?.map(targetNamed) ?? TARGETS,
      kind,
      output: values.output,
      revision: values.revision,
      denort: Deno.env.get("DENORT_BIN") || undefined,
      notice,
    });
    for (const { path, kind, version, commit, size, sha256 } of artifacts) {
      console.log(
        `${path}\n  ${kind}, version ${version}, commit ${
          commit.slice(0, 12)
        }, ` +
          `${(size / 1e6).toFixed(1)} MB\n  SHA-256 ${sha256}`,
      );
    }
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`Cannot build: ${error.message}`);
    Deno.exit(1);
  }
}
