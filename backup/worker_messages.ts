/** What the relay and the thread that makes its backups tell each other. */

import type { WriteBackupOptions } from "./write.ts";

/** The one question. */
export interface ToBackupWorker extends
  Pick<
    WriteBackupOptions,
    "config" | "settingsFile" | "target" | "withFiles"
  > {
  /** File whose first line is the passphrase; else there are recipients. */
  readonly passphraseFile: string | undefined;
  readonly recipients: readonly string[];
}

/** The one answer. */
export type FromBackupWorker =
  | { readonly type: "made"; readonly bytes: number }
  | { readonly type: "failed"; readonly message: string };
