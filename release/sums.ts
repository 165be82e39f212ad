/**
 * What `install.sh` reads: a signed list of sums for each version, and for
 * each channel a copy of that of its newest version (`install/LAYOUT.md`).
 *
 * @module
 */

import { join } from "node:path";
import { CHANNELS, compareVersions } from "../update/mod.ts";
import { writeFileAtomic } from "../relay/files.ts";
import { sha256Of } from "./digest.ts";
import type { SigningKey } from "./keys.ts";
import type { TargetEntry } from "./metadata.ts";

const SUMS = "SHA256SUMS";
const SIGNATURE = `${SUMS}.sig`;

/** Writes `SHA256SUMS`, as sha256sum(1) does, and its signature: 64 bytes. */
export async function writeSums(
  directory: string,
  key: SigningKey,
): Promise<void> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (isFile && name !== SUMS && name !== SIGNATURE) names.push(name);
  }
  let text = "";
  for (const name of names.sort()) {
    text += `${await sha256Of(join(directory, name))}  ${name}\n`;
  }
  const signature = key.sign(new TextEncoder().encode(text));
  await writeFileAtomic(join(directory, SIGNATURE), signature);
  await writeFileAtomic(join(directory, SUMS), text);
}

/**
 * Lets each channel show its newest version that all relays take: a version
 * that is still being tried out by some is not what new ones begin with.
 */
export async function writeChannels(
  repository: string,
  targets: Readonly<Record<string, TargetEntry>>,
): Promise<void> {
  for (const channel of CHANNELS) {
    const versions = Object.values(targets).flatMap(({ custom }) => {
      if (custom === undefined) return [];
      const { stable = 0, beta = 0 } = custom.channels;
      const share = channel === "beta" ? Math.max(stable, beta) : stable;
      return share === 100 ? [custom.version] : [];
    });
    const newest = versions.sort(compareVersions).at(-1);
    if (newest === undefined) continue;
    const directory = join(repository, channel);
    await Deno.mkdir(directory, { recursive: true });
    for (const name of [SIGNATURE, SUMS, "VERSION"]) {
      const content = await Deno.readFile(join(repository, newest, name));
      await writeFileAtomic(join(directory, name), content);
    }
  }
}
