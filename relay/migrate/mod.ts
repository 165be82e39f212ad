/**
 * Moving between this relay and the reference's servers: their files, read and,
 * those of the SMP server, written.
 *
 * @module
 */

export {
  type ExportOptions,
  type ExportReport,
  exportState,
} from "./export.ts";
export {
  type ImportOptions,
  type ImportReport,
  importState,
} from "./import.ts";
export {
  type FileImportOptions,
  type FileImportReport,
  importFiles,
} from "./import_files.ts";
export type { LeftSetting, TakenSetting } from "./ini_settings.ts";
export {
  FILE_INI_FILE,
  INI_FILE,
  kindOfServer,
  type ReferenceDirectories,
  referenceDirectories,
} from "./reference_files.ts";
export { Findings, MigrateError, type Problem } from "./report.ts";
