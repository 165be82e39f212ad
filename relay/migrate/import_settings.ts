/**
 * The settings and statistics of a reference server, as the relay's files.
 *
 * @module
 */

import { join } from "node:path";
import { configTemplate } from "../../config/mod.ts";
import { COUNTER_NAMES, Statistics } from "../stats/mod.ts";
import { type Ini, parseIni } from "./ini.ts";
import {
  convertIni,
  type IniDialect,
  STATS_BACKUP_FILE,
  type TakenSetting,
} from "./ini_settings.ts";
import {
  INI_FILE,
  isFile,
  type ReferenceDirectories,
  STATE_FILES,
  unreadable,
} from "./reference_files.ts";
import type { Findings } from "./report.ts";
import { refusedSettings, settingNames } from "./settings_file.ts";
import { type LoggedStatistics, parseStatsLog } from "./stats_log.ts";

/** Reads the settings; undefined where there is no file. */
export async function readIni(
  { config }: ReferenceDirectories,
  findings: Findings,
  { file = INI_FILE }: { readonly file?: string } = {},
): Promise<Ini | undefined> {
  const path = join(config, file);
  if (!await isFile(path)) {
    findings.note(`There is no ${path}, so no settings were taken.`);
    return undefined;
  }
  let ini: Ini;
  try {
    ini = parseIni(await Deno.readTextFile(path));
  } catch (cause) {
    throw unreadable(path, cause);
  }
  for (const line of ini.unreadable) {
    findings.problem({ file, line, text: "it is not understood" });
  }
  return ini;
}

/** The settings that the relay takes, and those that it has not. */
export async function chooseSettings(
  ini: Ini | undefined,
  findings: Findings,
  { file = INI_FILE, dialect }: {
    readonly file?: string;
    readonly dialect?: IniDialect;
  } = {},
) {
  if (ini === undefined) return { taken: [], left: [] };
  const { taken, left } = convertIni(ini, settingNames(), { dialect });
  const refused = await refusedSettings(taken);
  for (const { entry: { line } } of refused) {
    const text = "its value is not allowed here";
    findings.problem({ file, line, text });
  }
  return { taken: taken.filter((setting) => !refused.includes(setting)), left };
}

/** Settings that the owner wrote are not overwritten. */
export async function settingsPlace(path: string): Promise<string> {
  if (!await isFile(path)) return path;
  const text = await Deno.readTextFile(path);
  return text === configTemplate()
    ? path
    : path.replace(/(\.toml)?$/, ".imported.toml");
}

/**
 * The server's statistics, where the relay will look for them in `target` and
 * has none there.
 */
export async function readStatistics(
  { path, target }: { readonly path: string; readonly target: string },
  { settings, findings }: {
    settings: readonly TakenSetting[];
    findings: Findings;
  },
): Promise<LoggedStatistics | undefined> {
  if (!await isFile(path)) return undefined;
  if (!settings.some(({ value }) => value === STATS_BACKUP_FILE)) {
    findings.note(
      "The server's settings do not say log_stats = on, so its statistics " +
        "were not taken.",
    );
    return undefined;
  }
  if (await isFile(target)) {
    findings.note("The relay goes on with the statistics that it has.");
    return undefined;
  }
  return parseStatsLog(await Deno.readTextFile(path));
}

/** The statistics of messages, with the number of counters. */
export async function chooseStatistics(
  { from, directory }: {
    readonly from: ReferenceDirectories;
    readonly directory: string;
  },
  options: { settings: readonly TakenSetting[]; findings: Findings },
) {
  const logged = await readStatistics({
    path: join(from.state, STATE_FILES.stats),
    target: join(directory, STATS_BACKUP_FILE),
  }, options);
  if (logged === undefined) return undefined;
  const statistics = new Statistics(logged.from);
  let count = 0;
  for (const name of COUNTER_NAMES) {
    const value = logged.counters.get(name);
    if (value === undefined) continue;
    statistics.counters.add(name, value);
    count++;
  }
  return { counters: count, text: statistics.encode() };
}
