/**
 * Writes to a store until it is killed, and prints what the store has
 * acknowledged. Run by `durability_test.ts` as a process of its own:
 * `deno run -A writing_child.ts <dir> <trace> <fsync delay in ms>`.
 *
 * Each round adds `ROUND` messages to one queue and deletes the second message
 * of the round before, all in one group. When that is durable, a line tells
 * the seq of the round's first message.
 *
 * @module
 */

import { openSqliteStore } from "../mod.ts";
import { addQueue, bodyOf, random } from "./records.ts";

/** Messages of a round; their `seq`s follow one another. */
export const ROUND = 3;

/** ID of the queue that gets the messages. */
export const RECIPIENT_ID = new Uint8Array(24).fill(7);

if (import.meta.main) {
  const [dir, syncTrace, delay] = Deno.args;
  const store = await openSqliteStore({
    dir,
    syncTrace,
    fsyncDelay: Number(delay),
    checkpointBytes: 400_000,
    idleMs: 30,
  });
  const found = store.findQueue("recipient", RECIPIENT_ID);
  const key = found?.key ?? addQueue(store, { recipientId: RECIPIENT_ID }).key;
  const encoder = new TextEncoder();
  let previous: number | undefined;
  while (true) {
    const first = store.nextSeq();
    for (let i = 0; i < ROUND; i++) {
      const seq = i === 0 ? first : store.nextSeq();
      const meta = {
        seq,
        id: random(24),
        time: 1_700_000_000,
        notification: false,
        quota: false,
      };
      store.write({ type: "addMessage", key, meta, body: bodyOf(seq) });
    }
    const group = store.write({
      type: "deleteMessages",
      seqs: previous === undefined ? [] : [previous + 1],
    });
    await group.committed;
    Deno.stdout.writeSync(encoder.encode(`${first}\n`));
    previous = first;
  }
}
