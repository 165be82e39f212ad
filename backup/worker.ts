/**
 * Makes a backup on a thread of its own, so that the relay goes on meanwhile.
 *
 * @module
 */

/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

import type { FromBackupWorker, ToBackupWorker } from "./worker_messages.ts";
import { writeBackup } from "./write.ts";

self.onmessage = async ({ data }: MessageEvent<ToBackupWorker>) => {
  self.postMessage(await answer(data));
  self.close();
};

async function answer(
  { passphraseFile, recipients, ...options }: ToBackupWorker,
): Promise<FromBackupWorker> {
  try {
    const keys = passphraseFile === undefined
      ? { recipients }
      : { passphrase: await firstLine(passphraseFile) };
    const { bytes } = await writeBackup({ ...options, keys });
    return { type: "made", bytes };
  } catch (error) {
    return {
      type: "failed",
      message: error instanceof Error ? error.message : String(error),
    };
  }
}

async function firstLine(path: string): Promise<string> {
  return (await Deno.readTextFile(path)).split("\n")[0].replace(/\r$/, "");
}
