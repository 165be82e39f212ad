/**
 * Moving between this relay and the reference's SMP server: its files, read
 * and written.
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
export type { LeftSetting, TakenSetting } from "./ini_settings.ts";
export {
  INI_FILE,
  type ReferenceDirectories,
  referenceDirectories,
} from "./reference_files.ts";
export { Findings, MigrateError, type Problem } from "./report.ts";
