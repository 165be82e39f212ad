/**
 * Makes `dist/install.sh` of a release: `install/install.sh` with the public
 * key that releases are signed with, the place where they lie, and the units.
 *
 * ```sh
 * deno run -A build/installer.ts --key release.pub.pem --base-url https://…
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { CHECKOUT } from "./sources.ts";
import { BuildError } from "./targets.ts";

/** Files of `systemd/` that have another name on the machine. */
const PLACES: Readonly<Record<string, string>> = {
  "sysusers.conf": "/etc/sysusers.d/porchlight.conf",
  "tmpfiles.conf": "/etc/tmpfiles.d/porchlight.conf",
};

/** What a release's installer carries. */
export interface InstallerOptions {
  /** Ed25519 public key in PEM. */
  readonly publicKey: string;
  /** Where releases lie, without a slash at the end. */
  readonly baseUrl: string;
  /** Checkout or sources to take the parts from. */
  readonly sources?: string;
}

/**
 * The text of a release's `install.sh`.
 *
 * @throws {BuildError} when key or URL cannot be written into a shell script
 */
export async function installerOf(
  { publicKey, baseUrl, sources = CHECKOUT }: InstallerOptions,
): Promise<string> {
  const pem =
    /^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n?$/;
  if (!pem.test(publicKey)) {
    throw new BuildError("The key is no PEM public key");
  }
  if (!/^https?:\/\/[A-Za-z0-9.:[\]_~/-]+[^/]$/.test(baseUrl)) {
    throw new BuildError(
      `"${baseUrl}" is no web address without a slash at its end`,
    );
  }
  const template = await Deno.readTextFile(join(sources, "install/install.sh"));
  const units = await unitsOf(sources);
  return template
    .replace("@PUBLIC_KEY@", () => publicKey.trim())
    .replace("https://porchlight.example", () => baseUrl)
    .replace("  : @UNITS@", () => units);
}

async function unitsOf(sources: string): Promise<string> {
  const directory = join(sources, "systemd");
  const names = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (/\.(service|timer|conf)$/.test(name)) names.push(name);
  }
  const calls = [];
  for (const name of names.sort()) {
    const place = PLACES[name] ?? `/etc/systemd/system/${name}`;
    const text = await Deno.readTextFile(join(directory, name));
    const end = "END_OF_UNIT";
    if (text.includes(end)) throw new BuildError(`${name} has "${end}" in it`);
    calls.push(`  write_file ${place} <<'${end}'\n${text.trimEnd()}\n${end}`);
  }
  return calls.join("\n");
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      key: { type: "string" },
      "base-url": { type: "string" },
      output: { type: "string", default: join(CHECKOUT, "dist/install.sh") },
    },
  });
  const { key, "base-url": baseUrl, output } = values;
  if (key === undefined || baseUrl === undefined) {
    console.error("Needs --key FILE and --base-url URL");
    Deno.exit(2);
  }
  const publicKey = await Deno.readTextFile(key);
  await Deno.writeTextFile(output, await installerOf({ publicKey, baseUrl }));
  await Deno.chmod(output, 0o755);
}
