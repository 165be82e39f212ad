import { randomUUID } from "node:crypto";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { mountOf } from "../mounts.ts";
import { GB, inWords, MB } from "../sizes.ts";

/** With less, the relay takes in nothing (`relay/store/disk_room.ts`). */
const RESERVE = 64 * MB;

/** With less, it is time to look. */
const LITTLE = GB / 2;

/** Files that can still be made, at least. */
const FEW_INODES = 1000;

/** Writes that are measured, and how large they are. */
const WRITES = 5;
const WRITE_SIZE = 65_536;

/** A slow disk and one that hardly works, in milliseconds for a write. */
const SLOW_MS = 150;
const STUCK_MS = 2000;

/** The disk of the data directory: room, writable, how fast. */
export const disk: Check = {
  name: "disk",
  group: "This machine",
  timeoutMs: 30_000,
  async run(context) {
    const { directory } = context.config.data;
    const place = await existing(directory);
    const readOnly = readOnlyVerdict(place, context);
    if (readOnly !== undefined) return [readOnly];
    const verdicts = await roomVerdicts(place, context);
    return [...verdicts, ...await speed(place, directory)];
  },
};

/** The directory, or the nearest above it that is there. */
async function existing(directory: string): Promise<string> {
  for (let path = directory;; path = dirname(path)) {
    try {
      if ((await Deno.stat(path)).isDirectory) return path;
    } catch {
      if (path === dirname(path)) return path;
    }
  }
}

async function roomVerdicts(
  place: string,
  { config }: DoctorContext,
): Promise<Verdict[]> {
  const { bavail, bsize, ffree, files } = await statfs(place);
  const free = bavail * bsize;
  const verdicts: Verdict[] = [];
  if (free < RESERVE) {
    verdicts.push(problem(`The disk is full: ${inWords(free)} are free.`, {
      meaning: "The relay takes no new queues and messages. What waits can " +
        "still be fetched.",
      remedy: `Make room on the disk of ${place}; the relay goes on by itself.`,
    }));
  } else if (free < LITTLE) {
    verdicts.push(warning(`Only ${inWords(free)} of the disk are free.`, {
      meaning:
        `With less than ${inWords(RESERVE)} the relay takes in nothing ` +
        "new.",
      remedy: `Make room on the disk of ${place}.`,
    }));
  } else verdicts.push(ok(`${inWords(free)} are free.`));
  if (files > 0 && ffree < FEW_INODES) {
    verdicts.push(problem(`Only ${ffree} more files fit on the disk.`, {
      meaning: "It is full of small files (inodes), whatever room it has.",
      remedy: "Remove directories with very many files.",
    }));
  }
  const quota = config.xftp.storageQuotaBytes;
  if (
    free >= LITTLE && config.xftp.enabled &&
    quota > free + await bytesIn(config)
  ) {
    verdicts.push(warning(
      `Files may take ${inWords(quota)} (xftp.storage_quota), which the disk ` +
        "has not.",
      {
        meaning: "Apps are told late that there is no room.",
        remedy: "Lower xftp.storage_quota, or put xftp.directory on a larger " +
          "disk.",
      },
    ));
  }
  return verdicts;
}

/** What stored files take already. */
async function bytesIn(
  { data, xftp }: DoctorContext["config"],
): Promise<number> {
  const directory = xftp.directory || join(data.directory, "files");
  let sum = 0;
  const walk = async (path: string, depth: number) => {
    for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
      const inside = join(path, name);
      if (isFile) sum += (await Deno.stat(inside)).size;
      else if (isDirectory && depth > 0) await walk(inside, depth - 1);
    }
  };
  try {
    await walk(directory, 2);
  } catch {
    // None are kept yet, or one was deleted meanwhile.
  }
  return sum;
}

function readOnlyVerdict(
  place: string,
  { machine }: DoctorContext,
): Verdict | undefined {
  const mount = mountOf(place, machine);
  if (mount === undefined || !mount.readOnly) return undefined;
  return problem(`The disk of ${place} can only be read.`, {
    meaning: mount.writableWhenMounted
      ? "Linux switched it to read-only: it found errors on it. No message " +
        "can be stored."
      : "It was mounted so. No message can be stored.",
    remedy:
      "Look at what Linux says of it (sudo dmesg | grep -i error), make " +
      "a backup, and restart the machine. If it comes back, the SD card or " +
      "disk is dying: replace it.",
  });
}

/** How long a small write takes until it is on the disk. */
async function speed(place: string, directory: string): Promise<Verdict[]> {
  if (place !== directory) return [];
  const path = join(directory, `.doctor-${randomUUID()}.tmp`);
  const times: number[] = [];
  try {
    using file = await Deno.open(path, { write: true, createNew: true });
    const bytes = crypto.getRandomValues(new Uint8Array(WRITE_SIZE));
    for (let round = 0; round < WRITES; round++) {
      const before = performance.now();
      await file.write(bytes);
      await file.syncData();
      times.push(performance.now() - before);
    }
  } catch (error) {
    return [writeFailed(directory, error)];
  } finally {
    await Deno.remove(path).catch(() => {
      // It could not be made, or the disk is read-only since then.
    });
  }
  times.sort((a, b) => a - b);
  const middle = times[Math.floor(times.length / 2)];
  const shown = middle < 10 ? middle.toFixed(1) : middle.toFixed(0);
  if (middle < SLOW_MS) return [ok(`A write takes ${shown} ms.`)];
  const remedy = "If nothing else keeps the disk busy, use a better SD card " +
    "(class A1 or A2) or an SSD.";
  return [
    middle < STUCK_MS
      ? warning(`The disk is slow: a write takes ${shown} ms.`, {
        meaning: "Messages arrive, but wait for it.",
        remedy,
      })
      : problem(`The disk hardly works: a write takes ${shown} ms.`, {
        meaning: "Apps give up waiting.",
        remedy,
      }),
  ];
}

function writeFailed(directory: string, error: unknown): Verdict {
  if (error instanceof Deno.errors.PermissionDenied) {
    return skipped(
      `This user may not write to ${directory}.`,
      "Run the doctor as the relay's user, or with sudo.",
    );
  }
  return problem(`Nothing can be written to ${directory}.`, {
    meaning: `The system says: ${
      error instanceof Error ? error.message : error
    }`,
    remedy: "Make room, or look at the disk: sudo dmesg | tail",
  });
}
