/**
 * Deletes messages that nobody received in time.
 *
 * @module
 */

import type { Store, WriteGroup } from "../../store/store.ts";
import type { QueueTable } from "../queues/mod.ts";

/** Messages looked at before other work gets its turn. */
const CHUNK = 256;

/** Deletes messages from before `before` (seconds since 1970); counts them. */
export async function expireMessages(
  { store, table }: { store: Store; table: QueueTable },
  { before, signal }: { before: number; signal: AbortSignal },
): Promise<number> {
  let total = 0;
  let chunk = CHUNK;
  while (!signal.aborted) {
    const old = store.oldMessages(before, chunk);
    const queues = new Map(old.map((each) => [each.key, each.recipientId]));
    let removed = 0;
    let last: WriteGroup | undefined;
    for (const id of queues.values()) {
      const queue = table.find("recipient", id);
      const count = queue === undefined ? 0 : table.removeOld(queue, before);
      if (count > 0) last = queue?.lastWrite;
      removed += count;
    }
    // The store shows what is committed: look again only after that.
    await store.flush();
    // What could not be deleted is all there again: the next time, then.
    if (last !== undefined && !last.durable) break;
    total += removed;
    if (old.length < chunk) break;
    // Marks of full queues stay, as do messages behind a newer one: where they
    // fill the chunk, what is behind them has to be seen as well.
    if (removed < chunk / 2) chunk *= 2;
  }
  return total;
}
