/**
 * Backups: one encrypted file that holds all of a relay, and a relay out of
 * one.
 *
 * @module
 */

export { BackupError } from "./error.ts";
export { keyProblem, type LockingKeys, type OpeningKeys } from "./keys.ts";
export { finishRestore } from "./place.ts";
export {
  refuseRelay,
  restoreBackup,
  type RestoreOptions,
  type RestoreReport,
} from "./restore.ts";
export { BackupSchedule, type BackupScheduleOptions } from "./schedule.ts";
export {
  type BackupReport,
  writeBackup,
  type WriteBackupOptions,
} from "./write.ts";
