/**
 * Deletes messages that nobody received in time.
 *
 * @module
 */

import type { Store } from "../../store/store.ts";
import type { QueueTable } from "../queues/mod.ts";

/** Messages looked at before other work gets its turn. */
const CHUNK = 256;

/** Deletes messages from before `before` (seconds since 1970); counts them. */
export async function expireMessages(
  { store, table }: { store: Store; table: QueueTable },
  { before, signal }: { before: number; signal: AbortSignal },
): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const old = store.oldMessages(before, CHUNK);
    let removed = 0;
    for (const key of new Set(old.map((message) => message.key))) {
      const id = old.find((message) => message.key === key)?.recipientId;
      const queue = id && table.find("recipient", id);
      if (queue !== undefined) removed += table.removeOld(queue, before);
    }
    total += removed;
    // The store shows what is committed: look again only after that.
    await store.flush();
    if (removed === 0 || old.length < CHUNK) break;
  }
  return total;
}
