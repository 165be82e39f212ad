/**
 * Loaded queues and their messages, over the store.
 *
 * @module
 */

export {
  isContactQueue,
  isDurable,
  isSecuredMessageQueue,
  Queue,
  type QueuedMessage,
} from "./queue.ts";
export { QueueTable, type QueueTableOptions } from "./queue_table.ts";
