/**
 * Where things are: the data directory, the configuration file, and the line
 * of a key in it.
 *
 * @module
 */

import { isAbsolute, join, resolve } from "node:path";
import { ConfigError } from "./error.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Name of the configuration file in the data directory. */
export const configFileName = "porchlight.toml";

/**
 * The data directory when none is configured.
 *
 * @throws {ConfigError} if there is no home directory to put it in
 */
export function defaultDataDirectory(env: Environment): string {
  if (Deno.uid() === 0) return "/var/lib/porchlight";
  if (env.XDG_DATA_HOME) return join(env.XDG_DATA_HOME, "porchlight");
  if (env.HOME) return join(env.HOME, ".local/share/porchlight");
  throw new ConfigError([
    "There is no home directory to keep the relay's data in. " +
    "Say where: --data DIRECTORY",
  ]);
}

/** Makes `path` absolute: `~/` is the home directory, else it counts from `base`. */
export function absolutePath(
  path: string,
  { base, env }: { base: string; env: Environment },
): string {
  if (path.startsWith("~/") && env.HOME) return join(env.HOME, path.slice(2));
  return isAbsolute(path) ? path : resolve(base, path);
}

/**
 * Line of a section or of a key in a TOML text, from 1, or undefined where it
 * is written in a way that this quick look does not know. Only for messages:
 * what the text means is the parser's business.
 */
export function lineOf(
  toml: string,
  section: string,
  key?: string,
): number | undefined {
  let current = "";
  for (const [index, line] of toml.split("\n").entries()) {
    const header = /^\s*\[\s*([^\]#]*?)\s*\]/.exec(line);
    if (header) current = unquote(header[1]);
    if (key === undefined) {
      const starts = header ? current : /^\s*([\w"'-]+)\s*[.=]/.exec(line)?.[1];
      if (
        starts !== undefined && unquote(starts).split(".")[0] === section &&
        (header || current === "")
      ) return index + 1;
      continue;
    }
    const entry = /^\s*([\w"'.\s-]+?)\s*=/.exec(line);
    if (!entry) continue;
    const name = unquote(entry[1]);
    const full = current === "" ? name : `${current}.${name}`;
    if (full === `${section}.${key}`) return index + 1;
    // An inline table: section = { key = … }
    if (
      full === section &&
      new RegExp(`[{,]\\s*["']?${RegExp.escape(key)}["']?\\s*=`).test(line)
    ) return index + 1;
  }
  return undefined;
}

function unquote(name: string): string {
  return name.split(".").map((part) => part.trim().replaceAll(/["']/g, ""))
    .join(".");
}
