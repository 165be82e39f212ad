/**
 * Load: files are sent, fetched and deleted by several clients at once, until
 * the relay is killed.
 *
 * @module
 */

import type { XftpClient } from "../../relay/xftp/client/mod.ts";
import type { SeededRandom } from "../seeded_random.ts";
import { CrashFile } from "./file_chunk.ts";

const KB = 1024;

/** Sizes of the files; of the small ones there are more. */
const SIZES = [64 * KB, 64 * KB, 256 * KB, 256 * KB, 1024 * KB] as const;

/** Files beyond this are rather deleted than added to. */
const MANY_FILES = 24;

/** What the load works on. */
export interface FileLoadOptions {
  readonly clients: readonly XftpClient[];
  /** A connection to break off in the middle of an upload. */
  readonly spare: XftpClient;
  /** Files; those that the load creates are added. */
  readonly files: CrashFile[];
  /** A generator for each actor, so that their order does not matter. */
  readonly fork: () => SeededRandom;
  readonly report: (error: unknown) => void;
}

/** Runs the load; resolves when the relay is gone. */
export async function runFileLoad(options: FileLoadOptions): Promise<void> {
  const { clients, fork, report } = options;
  const actors = clients.map((client) => act(client, fork(), options));
  actors.push(breakOff(fork(), options));
  await Promise.all(actors.map((actor) => actor.catch(report)));
}

async function act(
  client: XftpClient,
  random: SeededRandom,
  options: FileLoadOptions,
): Promise<void> {
  const { files } = options;
  while (client.open) {
    const file = files[random.below(files.length)];
    const known = files.filter(({ deleted }) => deleted.state === "no");
    const kind = random.below(16);
    if (file === undefined || (kind < 6 && known.length < MANY_FILES)) {
      await send(client, random, options);
    } else if (kind < 10) {
      await file.download(client);
    } else if (!file.busy && file.deleted.state === "no") {
      await change(file, kind, { client, many: known.length >= MANY_FILES });
    }
    // Where nothing could be done, others have their turn.
    await new Promise((resolve) => setTimeout(resolve, random.below(4)));
  }
}

/** Announces a file and mostly uploads it. */
async function send(
  client: XftpClient,
  random: SeededRandom,
  { files }: FileLoadOptions,
): Promise<void> {
  const size = SIZES[random.below(SIZES.length)];
  const file = await CrashFile.create(client, size);
  if (file === undefined) return;
  file.busy = true;
  files.push(file);
  try {
    const kind = random.below(10);
    if (kind === 0) return;
    if (kind === 1) await file.upload(client, { damaged: true });
    else await file.upload(client);
  } finally {
    file.busy = false;
  }
}

async function change(
  file: CrashFile,
  kind: number,
  { client, many }: { client: XftpClient; many: boolean },
): Promise<void> {
  file.busy = true;
  try {
    if (kind < 12 || many) await file.delete(client);
    else if (kind === 12) await file.acknowledge(client);
    else if (kind < 15) await file.replaceRecipient(client);
    else if (file.uploaded.state !== "yes") await file.upload(client);
  } finally {
    file.busy = false;
  }
}

/** Hangs up while an upload is under way. */
async function breakOff(
  random: SeededRandom,
  { spare, files }: FileLoadOptions,
): Promise<void> {
  const file = await CrashFile.create(spare, 1024 * KB);
  if (file === undefined) return;
  file.busy = true;
  files.push(file);
  const upload = file.upload(spare);
  await new Promise((resolve) => setTimeout(resolve, random.below(60)));
  await spare.close();
  await upload;
  // The relay may still be at it: nobody else touches the file this time.
}
