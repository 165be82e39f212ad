/**
 * What the owner can do to a queue (simplexmq 6.5.5, `CPStatus`, `CPBlock`,
 * `CPUnblock` and `CPDelete` in `Simplex.Messaging.Server`).
 *
 * A queue is found by its sender ID or its link ID, which is what a complaint
 * about it has, or by its recipient ID. A client that is subscribed to a queue
 * is told when it is blocked, but not when it is deleted.
 *
 * @module
 */

import type { QueueStatus, WriteGroup } from "../../store/store.ts";
import { EMPTY } from "../../wire/mod.ts";
import type { QueueMode } from "../commands.ts";
import type { BlockingInfo } from "../errors.ts";
import type { Queue } from "../queues/mod.ts";
import type { SmpContext } from "./context.ts";
import { forgetNotifier } from "./notifier_commands.ts";
import { countDeleted } from "./recipient_commands.ts";

/** What the owner is told about a queue. */
export interface QueueOverview {
  readonly status: QueueStatus;
  /** Day of the last use: whole days since 1970. */
  readonly updatedDay?: number;
  readonly mode?: QueueMode;
}

/** Status of a queue before and after a change. */
export interface StatusChange {
  readonly before: QueueStatus;
  readonly after: QueueStatus;
}

/** The queue with this sender, link or recipient ID. */
function findQueue({ table }: SmpContext, id: Uint8Array): Queue | undefined {
  return table.find("sender", id) ?? table.find("link", id) ??
    table.find("recipient", id);
}

/**
 * What there is to know about a queue; `undefined` when there is none.
 *
 * @throws {StoreError} when the store cannot be read
 */
export function queueOverview(
  context: SmpContext,
  id: Uint8Array,
): QueueOverview | undefined {
  const queue = findQueue(context, id);
  if (queue === undefined) return undefined;
  const { status, updatedDay, mode } = queue.record;
  return { status, updatedDay, mode };
}

/**
 * Blocks a queue, or gives another reason; `undefined` when there is none.
 * Resolves when it is on disk.
 *
 * @throws {StoreError} when the store cannot be read or written
 */
export async function blockQueue(
  context: SmpContext,
  id: Uint8Array,
  info: BlockingInfo,
): Promise<StatusChange | undefined> {
  const queue = findQueue(context, id);
  if (queue === undefined) return undefined;
  const before = queue.record.status;
  const after: QueueStatus = { type: "blocked", info };
  const same = before.type === "blocked" &&
    before.info.reason === info.reason && before.info.notice === info.notice;
  if (same) return { before, after };
  await setStatus(context, queue, after).committed;
  if (before.type === "active") context.counters.add("qBlocked");
  context.delivery.subscriber(queue)?.sendEvents([{
    correlationId: EMPTY,
    entityId: queue.record.recipientId,
    message: { tag: "ERR", error: { type: "BLOCKED", info } },
  }]);
  return { before, after };
}

/**
 * Unblocks a queue that is blocked and leaves others alone; `undefined` when
 * there is none. Resolves when it is on disk.
 *
 * @throws {StoreError} when the store cannot be read or written
 */
export async function unblockQueue(
  context: SmpContext,
  id: Uint8Array,
): Promise<StatusChange | undefined> {
  const queue = findQueue(context, id);
  if (queue === undefined) return undefined;
  const before = queue.record.status;
  if (before.type !== "blocked") return { before, after: before };
  const after: QueueStatus = { type: "active" };
  await setStatus(context, queue, after).committed;
  return { before, after };
}

/**
 * Deletes a queue with its messages, and tells how many there were;
 * `undefined` when there is none. Resolves when it is gone from the disk.
 *
 * @throws {StoreError} when the store cannot be read or written
 */
export async function deleteQueue(
  context: SmpContext,
  id: Uint8Array,
): Promise<{ readonly messages: number } | undefined> {
  const queue = findQueue(context, id);
  if (queue === undefined) return undefined;
  const messages = context.table.messages(queue).length;
  const { recipientServiceId, recipientId } = queue.record;
  context.delivery.forget(queue);
  context.recipientServices.queueEnded(recipientServiceId, {
    by: undefined,
    entityId: recipientId,
    tag: undefined,
  });
  forgetNotifier(context, queue);
  await context.table.delete(queue).committed;
  countDeleted(context.counters, queue);
  return { messages };
}

function setStatus(
  { table }: SmpContext,
  queue: Queue,
  status: QueueStatus,
): WriteGroup {
  return table.update(queue, { ...queue.record, status });
}
