import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Program } from "./program.ts";
import type { Sources } from "./sources.ts";
import { BuildError, DENO_VERSION, type Target } from "./targets.ts";

/** In the addon of sodium-native, which says it in the binary only. */
const LIBSODIUM_VERSION = "1.0.21";

/** Something that others made and that is part of an executable. */
export interface Component {
  readonly name: string;
  readonly version: string;
  /** Package URL (ECMA-427). */
  readonly purl: string;
  /** SPDX expression. */
  readonly licence: string;
  /** Its text. */
  readonly licenceText: string;
  /** SHA-512 of the package that npm delivered, in hex. */
  readonly sha512?: string;
}

/**
 * All that an executable has from others: Deno, V8, libsodium, and the npm
 * packages of the bundle.
 *
 * @throws {BuildError} when a package names no licence
 */
export async function componentsOf(
  program: Program,
  { sources, target }: { sources: Sources; target: Target },
): Promise<Component[]> {
  const components = [
    await runtime(sources, target),
    await library(sources, { name: "v8", licence: "BSD-3-Clause" }),
    await library(sources, { name: "libsodium", licence: "ISC" }),
  ];
  for (const id of program.packages) {
    components.push(await npmPackage(id, sources));
  }
  return components;
}

async function runtime(sources: Sources, target: Target): Promise<Component> {
  return {
    name: target.denoPackage,
    version: DENO_VERSION,
    purl: purlOf(target.denoPackage, DENO_VERSION),
    licence: "MIT",
    licenceText: await licenceFile(sources, "deno"),
    sha512: hexOf(target.denoIntegrity),
  };
}

/** A library that is part of another component, which decides its version. */
async function library(
  sources: Sources,
  { name, licence }: { name: string; licence: string },
): Promise<Component> {
  const version = name === "v8" ? Deno.version.v8 : LIBSODIUM_VERSION;
  return {
    name,
    version,
    purl: `pkg:generic/${name}@${version}`,
    licence,
    licenceText: await licenceFile(sources, name),
  };
}

async function npmPackage(
  id: string,
  { directory }: Sources,
): Promise<Component> {
  const at = id.lastIndexOf("@");
  const [name, version] = [id.slice(0, at), id.slice(at + 1)];
  const store = join(directory, "node_modules/.deno");
  const folder = join(
    store,
    `${name.replaceAll("/", "+")}@${version}`,
    "node_modules",
    name,
  );
  const project: { license?: string } = JSON.parse(
    await Deno.readTextFile(join(folder, "package.json")),
  );
  if (!project.license) throw new BuildError(`${id} names no licence`);
  const lock: { npm: Record<string, { integrity: string }> } = JSON.parse(
    await Deno.readTextFile(join(directory, "deno.lock")),
  );
  return {
    name,
    version,
    purl: purlOf(name, version),
    licence: project.license,
    licenceText: await licenceIn(folder) ?? `Licence: ${project.license}\n`,
    sha512: hexOf(lock.npm[id].integrity),
  };
}

async function licenceIn(folder: string): Promise<string | undefined> {
  for await (const { name } of Deno.readDir(folder)) {
    if (/^licen[cs]e(\.(md|txt))?$/i.test(name)) {
      return await Deno.readTextFile(join(folder, name));
    }
  }
}

async function licenceFile(sources: Sources, name: string): Promise<string> {
  return await Deno.readTextFile(
    join(sources.directory, `build/licences/${name}.txt`),
  );
}

function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** From npm's `sha512-<base64>`. */
function hexOf(integrity: string): string {
  return Buffer.from(integrity.replace("sha512-", ""), "base64")
    .toString("hex");
}

/** The text that goes with every executable: what it has from others, and their licences. */
export function thirdPartyText(components: readonly Component[]): string {
  const rule = "=".repeat(76);
  return [
    "Porchlight is free software under the AGPL-3.0. Its executables contain what",
    "these others made. Deno has further libraries in it, all under licences that",
    "allow this; its Cargo.lock at the tag of its version lists them.",
    "",
    ...components.flatMap(({ name, version, licence, licenceText }) => [
      rule,
      `${name} ${version} (${licence})`,
      rule,
      "",
      licenceText.trimEnd(),
      "",
    ]),
  ].join("\n");
}
