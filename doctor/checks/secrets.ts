import { join } from "node:path";
import { type Check, ok, type Verdict, warning } from "../check.ts";
import { identityPaths } from "../../relay/identity/mod.ts";
import { ONION_KEY_FILE } from "../../relay/onion/mod.ts";
import { STORE_FILE } from "../../relay/store/mod.ts";

/** Whether others on this machine can read what is the relay's alone. */
export const secrets: Check = {
  name: "file rights",
  group: "Settings and keys",
  async run({ config, configFile }) {
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
    const verdicts: Verdict[] = [];
    for (const path of files) {
      if (await isOpen(path)) verdicts.push(openVerdict(path));
    }
    const store = join(directory, STORE_FILE);
    // Within a directory that others may not enter, it is not theirs to read.
    if (await isOpen(store) && await isOpen(directory)) {
      verdicts.push(openVerdict(store));
    }
    if (verdicts.length > 0) return verdicts;
    return await exists(store)
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
async function isOpen(path: string): Promise<boolean> {
  try {
    return path !== "" && (((await Deno.stat(path)).mode ?? 0) & 0o007) !== 0;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
