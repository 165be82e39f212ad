/**
 * Backups that the relay makes by itself, as its settings say.
 *
 * @module
 */

import { join } from "node:path";
import { BackupSchedule } from "../backup/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Health } from "./health.ts";
import type { Identity } from "./identity/mod.ts";

/** What backups are made of. */
export interface BackupParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly health: Health;
  /** Where the settings are; else in the data directory. */
  readonly settingsFile?: string;
  /** Brings statistics onto the disk. */
  readonly save: () => Promise<void>;
}

/** Begins to make backups; does nothing where none are wanted. */
export function startBackups(parts: BackupParts): AsyncDisposable | null {
  const { config, identity, health, save } = parts;
  if (config.backup.directory === "") return null;
  const schedule = new BackupSchedule({
    config,
    settingsFile: parts.settingsFile ??
      join(config.data.directory, "porchlight.toml"),
    fingerprint: identity.fingerprintText,
    save,
    onProblem: (reason) =>
      health.set(
        "backup",
        reason === undefined ? undefined : {
          reason: `The last backup could not be made: ${reason}`,
          remedy:
            "Look at backup.directory and its drive. It is tried again each hour.",
        },
      ),
  });
  schedule.start();
  return schedule;
}
