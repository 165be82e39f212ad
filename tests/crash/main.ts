/**
 * `deno task crash`: kills the relay in the middle of load, over and over, and
 * checks that it kept its word.
 *
 * ```text
 * deno task crash [--rounds N] [--seed S] [--mode kill|power]
 * deno task crash --files N [--seed S]
 * ```
 * 200 rounds of each mode unless told otherwise; with `--files`, that many of
 * `kill -9` while files are sent and fetched instead. A seed gives the same plan of
 * delays, messages and damage; what the relay gets done until it dies differs
 * from run to run.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type CrashMode, type CrashResult, runCrashes } from "./crash.ts";
import { type FileCrashResult, runFileCrashes } from "./file_crash.ts";

const MODES: readonly CrashMode[] = ["kill", "power"];

function whole(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`Not a whole number: ${text}`);
  }
  return number;
}

function summary(mode: CrashMode, result: CrashResult): string {
  const { faults, startMs, rounds } = result;
  const lines = [
    `${rounds} rounds of ${
      mode === "kill" ? "kill -9" : "power cuts"
    }; ${result.killedAtStart} more relays killed while they started.`,
    `${result.queues} queues, ${result.sends} messages sent; ${result.waiting} times a message that had got OK waited through a crash, ${result.underWay} times a SEND or ACK was under way.`,
    starts(startMs),
  ];
  if (mode === "power") {
    lines.push(
      `${result.cuts} cuts took or damaged ${
        Math.round(result.cutBytes / 1024)
      } KiB that were not on disk; ${result.tornPages} half-written pages.`,
    );
  }
  return [...lines, verdict(faults)].join("\n");
}

function fileSummary(result: FileCrashResult): string {
  const { files, found, foundBytes, underWay, temporary, orphans } = result;
  return [
    `${result.rounds} rounds of kill -9; ${result.killedAtStart} more relays killed while they started.`,
    `${files} files; ${found} times one that had got OK was there after a crash (${
      Math.round(foundBytes / 1024 ** 2)
    } MB), ${underWay} times an upload or a deletion was under way.`,
    `The crashes left ${temporary} half contents and ${orphans} without a file, which the relay removed.`,
    starts(result.startMs),
    verdict(result.faults),
  ].join("\n");
}

function starts(startMs: readonly number[]): string {
  const sorted = startMs.toSorted((a, b) => a - b);
  return `Starts: ${Math.round(sorted[sorted.length >> 1])} ms in the middle, ${
    Math.round(sorted.at(-1) ?? NaN)
  } ms at most.`;
}

function verdict(faults: readonly string[]): string {
  return faults.length === 0
    ? "Nothing was lost, nothing came back, and the relay always started by itself."
    : `THE RELAY BROKE ITS WORD:\n  ${faults.join("\n  ")}`;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      seed: { type: "string" },
      mode: { type: "string" },
      files: { type: "string" },
    },
  });
  const rounds = whole(values.rounds, 200);
  const seed = whole(
    values.seed,
    crypto.getRandomValues(new Uint32Array(1))[0] >>> 1,
  );
  if (values.files !== undefined) {
    return await crashWithFiles(whole(values.files, 0), seed);
  }
  const modes = MODES.filter((mode) => (values.mode ?? mode) === mode);
  if (modes.length === 0) throw new RangeError("--mode is kill or power");
  let good = true;
  for (const mode of modes) {
    const began = performance.now();
    console.log(`${mode}: ${rounds} rounds, --seed ${seed}`);
    const result = await runCrashes({
      mode,
      rounds,
      seed,
      onRound: (round, { queues, sends }) => {
        if (round % 10 !== 0) return;
        const seconds = Math.round((performance.now() - began) / 1000);
        console.log(
          `  ${round} rounds, ${queues} queues, ${sends} messages, ${seconds} s`,
        );
      },
    });
    console.log(summary(mode, result));
    good &&= result.faults.length === 0;
  }
  return good;
}

async function crashWithFiles(rounds: number, seed: number): Promise<boolean> {
  const began = performance.now();
  console.log(`files: ${rounds} rounds, --seed ${seed}`);
  const result = await runFileCrashes({
    rounds,
    seed,
    onRound: (round, { files, found }) => {
      if (round % 10 !== 0) return;
      const seconds = Math.round((performance.now() - began) / 1000);
      console.log(
        `  ${round} rounds, ${files} files, ${found} found, ${seconds} s`,
      );
    },
  });
  console.log(fileSummary(result));
  return result.faults.length === 0;
}

if (import.meta.main) Deno.exit(await main() ? 0 : 1);
