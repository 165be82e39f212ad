import { join } from "node:path";
import { type Check, ok, type Verdict, warning } from "../check.ts";
import { identityPaths } from "../../relay/identity/mod.ts";
import { ONION_KEY_FILE } from "../../relay/onion/mod.ts";
import { STORE_FILE } from "../../relay/store/mod.ts";

/** Whether others on this machine can read what is the relay's alone. */
export const secrets: Check = {
  name: "file rights",
  group: "Settings and keys",
  run({ config, configFile }) {
    if (Deno.build.os === "windows") return [];
    const { directory } = config.data;
    const usual = identityPaths(directory);
    const files = [
      usual.caKey,
      config.tls.key || usual.key,
      join(directory, ONION_KEY_FILE),
      configFile,
      config.tls.webKey,
    ];
    const open = files.filter(isOpen);
    const verdicts = open.map((path) => openVerdict(path));
    const store = join(directory, STORE_FILE);
    // Within a directory that others may not enter, it is not theirs to read.
    if (isOpen(store) && isOpen(directory)) verdicts.push(openVerdict(store));
    const seen = [...files, store].some(exists);
    if (verdicts.length > 0) return verdicts;
    return seen
      ? [ok("Keys and messages are for the relay's user alone.")]
      : [];
  },
};

function openVerdict(path: string): Verdict {
  return warning(`Other users of this machine can read ${path}.`, {
    meaning: "It holds secrets of the relay.",
    remedy: `sudo chmod 600 ${path}`,
  });
}

/** Whether "others" have any right to it. */
function isOpen(path: string): boolean {
  try {
    return path !== "" && ((Deno.statSync(path).mode ?? 0) & 0o007) !== 0;
  } catch {
    return false;
  }
}

function exists(path: string): boolean {
  try {
    return path !== "" && Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
