/**
 * The steps from an empty database to the current layout, in order. A step
 * that has been released is never changed: a new layout is a new step.
 *
 * @module
 */

import { sql as queuesAndMessages } from "./0001_queues_and_messages.ts";
import { sql as notificationsAndServices } from "./0002_notifications_and_services.ts";
import { sql as files } from "./0003_files.ts";

/** SQL of each step; step n (from 1) makes `user_version` n. */
export const MIGRATIONS: readonly string[] = [
  queuesAndMessages,
  notificationsAndServices,
  files,
];

/** Version of the layout that this program writes. */
export const STORE_VERSION = MIGRATIONS.length;
