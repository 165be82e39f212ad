/**
 * The settings of section `[xftp]`: files.
 *
 * @module
 */

import {
  flag,
  integer,
  milliseconds,
  orOff,
  path,
  seconds,
  size,
  sizes,
  text,
} from "./settings.ts";

/** The section with its settings. */
export const fileSection = {
  doc:
    "Files: photos, videos and voice messages wait here, encrypted and in pieces, until they are fetched.",
  settings: {
    enabled: flag({
      doc:
        "Keep files, on the same ports as messages. Without, the relay is for messages alone.",
      default: true,
    }),
    directory: path({
      doc: "Where the contents of files are kept.",
      default: "",
      defaultDoc: "`files` in the data directory",
    }),
    storageQuotaBytes: size({
      doc:
        "How much all files together may take of the disk. Nothing is taken in either when the disk is nearly full.",
      default: "10GB",
      min: "64KB",
      max: "1000000GB",
    }),
    fileExpirySeconds: orOff(seconds({
      doc: "Files are deleted when they are this old, to the next hour.",
      default: "48h",
      min: "1s",
      max: "3650d",
    })),
    fileExpiryCheckMs: milliseconds({
      doc: "How often to look for files to delete.",
      default: "2h",
      min: "100ms",
      max: "20d",
    }),
    newFiles: flag({
      doc:
        "Let apps send files. Set it to false to wind the relay down: what is there can still be fetched.",
      default: true,
    }),
    createPassword: text({
      doc:
        "A password that apps need to send files. It becomes part of the address for files: give that only to those who may use the relay.",
      default: "",
      defaultDoc: "everybody who knows the address may send files",
      pattern: /^[!-.0-9;-?A-~]*$/,
      allowed: "letters, digits and signs, but no space, '@', ':' or '/'",
      secret: true,
    }),
    chunkSizesBytes: sizes({
      doc:
        "The sizes that a piece may have. Apps use these four, which keeps the size of a file hidden.",
      default: ["64KB", "256KB", "1MB", "4MB"],
      min: "1KB",
      max: "1GB",
    }),
    uploadTimeoutMs: milliseconds({
      doc: "How long the upload of one piece may take.",
      default: "5m",
      min: "100ms",
      max: "1d",
    }),
    downloadStallMs: milliseconds({
      doc: "A download of which nothing is taken for so long is broken off.",
      default: "1m",
      min: "100ms",
      max: "1d",
    }),
    requestsPerConnection: integer({
      doc: "Requests of one connection that may be in work at a time.",
      default: 64,
      min: 1,
      max: 10_000,
    }),
    transfers: integer({
      doc:
        "Uploads at a time, and as many downloads. Those beyond wait for their turn, for as long as an upload may take; meanwhile, transfers that hardly move are broken off.",
      default: 256,
      min: 1,
      max: 100_000,
    }),
    minVersion: integer({
      doc: "The oldest version of the XFTP protocol that is offered.",
      default: 1,
      min: 1,
      max: 3,
    }),
    maxVersion: integer({
      doc: "The newest version of the XFTP protocol that is offered.",
      default: 3,
      min: 1,
      max: 3,
    }),
    handshakeTimeoutMs: milliseconds({
      doc:
        "A connection that has not finished its XFTP handshake by then is closed.",
      default: "120s",
      min: "100ms",
      max: "1h",
    }),
  },
} as const;
