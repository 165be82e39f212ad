/**
 * Files that reference servers wrote, for tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { readVectorFile, Vector } from "../../tests/vectors.ts";

const recorded = new Vector(readVectorFile("reference_state.json.gz"));

/** What is known of the recorded state with this name. */
export function facts(name: string): Vector {
  return recorded.object("facts").object(name);
}

/** A recorded file, one character a byte. */
export function recordedText(path: string): string {
  return recorded.object("files").text(path);
}

/** Writes all recorded files below `name` into `directory`. */
export function writeRecorded(name: string, directory: string): void {
  const files = recorded.get("files");
  assert(typeof files === "object" && files !== null);
  let count = 0;
  for (const [path, text] of Object.entries(files)) {
    if (!path.startsWith(`${name}/`)) continue;
    const target = join(directory, path.slice(name.length + 1));
    Deno.mkdirSync(dirname(target), { recursive: true });
    Deno.writeFileSync(target, Buffer.from(String(text), "latin1"));
    count++;
  }
  assert(count > 0, `No recorded files below ${name}`);
}

/** Runs a test in a directory of its own. */
export async function inDirectory(
  run: (directory: string) => Promise<void> | void,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
