/**
 * Settings: `porchlight.toml`, the environment and `--set`.
 *
 * ```ts
 * const config = loadConfig({ set: ["log.level=debug"], env: Deno.env.toObject() });
 * config.smp.messagesPerQueue; // 128
 * ```
 *
 * @module
 */

export { editSettings, type SettingChanges } from "./edit.ts";
export { ConfigError } from "./error.ts";
export {
  configFile,
  defaultConfig,
  loadConfig,
  type LoadOptions,
} from "./load.ts";
export type { Environment } from "./locate.ts";
export { nearest } from "./nearest.ts";
export { type Config, type Row, rows, schema } from "./schema.ts";
export type { Raw } from "./settings.ts";
export { formatDuration, formatSize, parseDuration } from "./units.ts";
export { configReference, configTemplate } from "./write.ts";
