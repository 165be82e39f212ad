/**
 * The settings of section `[backup]`: backups that are made by themselves.
 *
 * @module
 */

import { flag, integer, milliseconds, path, texts } from "./settings.ts";

/** The section with its settings. */
export const backupSection = {
  doc:
    "Backups that the relay makes by itself, each a file that `porchlight restore` takes.",
  settings: {
    directory: path({
      doc:
        "Where they go: a directory on another drive. It has to be there; while it is not, no backups are made and `porchlight status` says so.",
      default: "",
      defaultDoc: "no backups",
    }),
    intervalMs: milliseconds({
      doc: "How often one is made.",
      default: "1d",
      min: "1m",
      max: "20d",
    }),
    keep: integer({
      doc: "How many to keep; older ones are deleted.",
      default: 7,
      min: 1,
      max: 1000,
    }),
    recipients: texts({
      doc:
        "Public keys of age, such as those of `age-keygen`, for which they are locked: then nothing on this machine opens them.",
      default: [],
      pattern: /^age1\w{20,5000}$/,
      allowed: 'a list of public keys of age: ["age1…"]',
    }),
    passphraseFile: path({
      doc:
        "A file whose first line is the passphrase that locks them, in place of `recipients`.",
      default: "",
    }),
    withFiles: flag({
      doc: "Also back up files that wait for their recipients.",
      default: false,
    }),
  },
} as const;
