/**
 * Counters of what a block of commands is, before any of it is executed
 * (simplexmq 6.5.5, `receive` in `Simplex.Messaging.Server`).
 *
 * @module
 */

import type { CounterName, Counters } from "../../stats/mod.ts";
import type { Command } from "../commands.ts";
import type { SmpError } from "../errors.ts";

/** Commands whose failed authorisation is counted. */
const REFUSED: Partial<Record<Command["tag"], CounterName>> = {
  SEND: "msgSentAuth",
  SUB: "qSubAuth",
  NSUB: "ntfSubAuth",
  GET: "msgGetAuth",
};

/** Commands whose batches are counted. */
const BATCHES: Partial<Record<Command["tag"], CounterName>> = {
  SUB: "qSubAllB",
  DEL: "qDeletedAllB",
  NDEL: "ntfDeletedB",
  NSUB: "ntfSubB",
};

const RECIPIENT = new Set<Command["tag"]>([
  "SUB",
  "KEY",
  "RKEY",
  "LSET",
  "LDEL",
  "NKEY",
  "NDEL",
  "GET",
  "ACK",
  "OFF",
  "DEL",
  "QUE",
]);

/** Counts a command that was not authorised. */
export function countRefused(
  counters: Counters,
  { tag }: Pick<Command, "tag">,
  error: SmpError,
): void {
  if (error.type !== "AUTH") return;
  const name = REFUSED[tag];
  if (name !== undefined) counters.add(name);
}

/** Counts the block as a batch, if all of its commands are of one party. */
export function countBatch(
  counters: Counters,
  commands: readonly Pick<Command, "tag">[],
): void {
  if (commands.length < 2) return;
  const [{ tag }] = commands;
  const name = BATCHES[tag];
  if (name === undefined) return;
  const sameParty = RECIPIENT.has(tag)
    ? commands.every((each) => RECIPIENT.has(each.tag))
    : commands.every((each) => each.tag === "NSUB");
  if (sameParty) counters.add(name);
}
