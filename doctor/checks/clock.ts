import { join } from "node:path";
import { type Check, ok, problem, type Verdict, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";

/** No Porchlight is older than this. */
const BEGINNING = Date.UTC(2026, 10, 1);

/** Certificates last so long at most; a clock far beyond is a wrong one. */
const TOO_LATE = Date.UTC(2100, 0, 1);

const DAY_MS = 86_400_000;

const SET_CLOCK = "Set it: sudo timedatectl set-ntp true (with a connection " +
  "to the Internet), or sudo date --set '2026-12-31 20:00'";

/** Whether the clock can be right, and whether something keeps it so. */
export const clock: Check = {
  name: "clock",
  group: "This machine",
  async run(context) {
    return [await time(context), ...keeping()];
  },
};

async function time({ now, config }: DoctorContext): Promise<Verdict> {
  const shown = `${now.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  if (now.getTime() < BEGINNING || now.getTime() > TOO_LATE) {
    return problem(`The clock says ${shown}, which cannot be.`, {
      meaning: "Certificates are refused, and messages expire at wrong times.",
      remedy: SET_CLOCK,
    });
  }
  const newest = await newestFile(config.data.directory);
  if (newest !== undefined && newest.getTime() > now.getTime() + DAY_MS) {
    return problem(
      `The clock says ${shown}, but the relay wrote files on ` +
        `${newest.toISOString().slice(0, 10)}.`,
      {
        meaning: "It is wrong now, or was then. While it is behind, messages " +
          "are kept too long.",
        remedy: SET_CLOCK,
      },
    );
  }
  return ok(`It is ${shown}.`);
}

/** When the relay's data were last changed. */
async function newestFile(directory: string): Promise<Date | undefined> {
  let newest: Date | undefined;
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      if (!isFile) continue;
      const { mtime } = await Deno.stat(join(directory, name));
      if (mtime !== null && (newest === undefined || mtime > newest)) {
        newest = mtime;
      }
    }
  } catch {
    // Not there yet, or not ours: another check says so.
  }
  return newest;
}

function keeping(): Verdict[] {
  const synchronised = isSynchronised();
  if (synchronised === undefined) return [];
  return [
    synchronised ? ok("The network keeps it right.") : warning(
      "Nothing keeps the clock right.",
      {
        meaning: "A clock that drifts, or that a power cut sets back (a " +
          "Raspberry Pi has none of its own), ends in refused connections.",
        remedy: "Switch time from the network on: sudo timedatectl set-ntp " +
          "true. In a container, do that on its host.",
      },
    ),
  ];
}

/** Size of `struct timex`, and where `int status` is in it (adjtimex(2)). */
const TIMEX_SIZE = 208;
const STATUS_OFFSET = 40;
const STA_UNSYNC = 0x40;

/** What the kernel knows of it, whichever program sets the clock. */
function isSynchronised(): boolean | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const libc = Deno.dlopen("libc.so.6", {
      adjtimex: { parameters: ["buffer"], result: "i32" },
    });
    const timex = new Uint8Array(TIMEX_SIZE);
    const state = libc.symbols.adjtimex(timex);
    libc.close();
    if (state < 0) return undefined;
    const status = new DataView(timex.buffer).getInt32(STATUS_OFFSET, true);
    return (status & STA_UNSYNC) === 0;
  } catch {
    return undefined;
  }
}
