/**
 * `porchlight.toml` with imported settings.
 *
 * @module
 */

import { ConfigError, configTemplate, loadConfig } from "../../config/mod.ts";
import type { SettingValue, TakenSetting } from "./ini_settings.ts";

interface Place {
  /** Line of the template, from 0. */
  readonly line: number;
  readonly key: string;
  /** The default as it stands there. */
  readonly value: string;
}

/** Names of all settings, `section.key`. */
export function settingNames(): Set<string> {
  return new Set(places().keys());
}

/**
 * The commented file with these settings filled in where they differ from the
 * default.
 */
export function settingsFile(settings: readonly TakenSetting[]): string {
  const lines = configTemplate().split("\n");
  const known = places();
  for (const { name, value } of settings) {
    const place = known.get(name);
    const toml = formatValue(value);
    if (place !== undefined && place.value !== toml) {
      lines[place.line] = `${place.key} = ${toml}`;
    }
  }
  return lines.join("\n");
}

/**
 * The settings that the relay would not take: those without which it takes
 * the others, as they stand in the file together.
 */
export async function refusedSettings(
  settings: readonly TakenSetting[],
): Promise<TakenSetting[]> {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    if (await isAllowed(path, settings)) return [];
    const refused: TakenSetting[] = [];
    const allowed: TakenSetting[] = [];
    for (const setting of settings) {
      if (await isAllowed(path, [...allowed, setting])) allowed.push(setting);
      else refused.push(setting);
    }
    return refused;
  } finally {
    await Deno.remove(path);
  }
}

async function isAllowed(
  path: string,
  settings: readonly TakenSetting[],
): Promise<boolean> {
  await Deno.writeTextFile(path, settingsFile(settings), { mode: 0o600 });
  try {
    loadConfig({ path, env: { HOME: "/" } });
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** A value as TOML; JSON's strings are TOML's too. */
export function formatValue(value: SettingValue): string {
  return typeof value === "object"
    ? `[${value.map((item) => JSON.stringify(item)).join(", ")}]`
    : JSON.stringify(value);
}

/** Where the template has which setting: "# key = default" below "[section]". */
function places(): Map<string, Place> {
  const found = new Map<string, Place>();
  let section = "";
  for (const [line, text] of configTemplate().split("\n").entries()) {
    section = /^\[(\w+)\]$/.exec(text)?.[1] ?? section;
    const [, key, value] = /^# (\w+) = (.*)$/.exec(text) ?? [];
    if (key !== undefined && section !== "") {
      found.set(`${section}.${key}`, { line, key, value });
    }
  }
  return found;
}
