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

export { ConfigError } from "./error.ts";
export {
  configFile,
  defaultConfig,
  loadConfig,
  type LoadOptions,
} from "./load.ts";
export type { Environment } from "./locate.ts";
export { nearest } from "./nearest.ts";
export type { Config } from "./schema.ts";
export { formatDuration, formatSize, parseDuration } from "./units.ts";
export { configReference, configTemplate } from "./write.ts";
