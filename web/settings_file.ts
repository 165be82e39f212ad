/**
 * `porchlight.toml` as the page reads and changes it.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { parse } from "smol-toml";
import {
  type Config,
  ConfigError,
  configTemplate,
  defaultConfig,
  editSettings,
  loadConfig,
  type LoadOptions,
  type Row,
  rows,
  type SettingChanges,
} from "../config/mod.ts";
import { writeFileAtomic } from "../relay/files.ts";

/**
 * Settings that the page shows and does not change: with the owner's password
 * alone nobody is to choose files, commands or where programs come from. All
 * that name a file are of this kind too.
 */
const BY_HAND: ReadonlySet<string> = new Set([
  "update.url",
  "update.restart_command",
  "acme.server",
  "metrics.address",
]);

/** Sections of other programs. */
const ELSEWHERE: ReadonlySet<string> = new Set(["core", "directory"]);

/** A setting and what the file says of it. */
export interface SettingField {
  readonly row: Row;
  /** As the file has it; "" where it has nothing, and for secrets. */
  readonly text: string;
  /** Whether the file has it. */
  readonly isSet: boolean;
  /** Why the page does not change it. */
  readonly locked?: string;
}

/** The settings file of one relay. */
export class SettingsFile {
  readonly #options: LoadOptions;
  readonly path: string;
  /** Text that the running relay was started with. */
  #started: string;

  /** `path`: where the file is or would be. */
  constructor(path: string, options: LoadOptions) {
    this.path = path;
    this.#options = options;
    this.#started = this.#text();
  }

  /** The settings as they are in the file now. */
  current(): { config: Config; problems: readonly string[] } {
    try {
      return { config: loadConfig(this.#options), problems: [] };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return {
        config: defaultConfig({ ...this.#options.env }),
        problems: error.problems,
      };
    }
  }

  /** Whether the file has changed since the relay was started with it. */
  get hasChanged(): boolean {
    return this.#text() !== this.#started;
  }

  /** The relay is started with the file as it is. */
  started(): void {
    this.#started = this.#text();
  }

  /** Whether the page may change it. */
  isFree(name: string): boolean {
    const row = rows.find((row) => row.name === name);
    return row !== undefined && this.#lock(row) === undefined;
  }

  /** All settings of this program, by section. */
  fields(): Map<string, SettingField[]> {
    const table = this.#table();
    const sections = new Map<string, SettingField[]>();
    for (const row of rows) {
      if (ELSEWHERE.has(row.section)) continue;
      const raw = table[row.section]?.[row.key];
      const field: SettingField = {
        row,
        text: row.setting.secret ? "" : textOf(raw),
        isSet: raw !== undefined,
        locked: this.#lock(row),
      };
      sections.set(row.section, [...sections.get(row.section) ?? [], field]);
    }
    return sections;
  }

  /**
   * Writes these values, given as text; "" takes a setting out. What is not
   * allowed changes nothing.
   *
   * @throws {ConfigError} naming what is wrong
   */
  async change(texts: ReadonlyMap<string, string>): Promise<void> {
    const problems: string[] = [];
    const changes: SettingChanges = new Map(
      Array.from(texts, ([name, text]) => {
        const row = rows.find((row) => row.name === name);
        if (row === undefined || ELSEWHERE.has(row.section)) {
          throw new ConfigError([`${name} is no setting.`]);
        }
        const locked = this.#lock(row);
        if (locked !== undefined) problems.push(`${name}: ${locked}`);
        return [name, rawOf(row, text, problems)];
      }),
    );
    if (problems.length > 0) throw new ConfigError(problems);
    const text = editSettings(this.#text() || configTemplate(), changes);
    await this.#check(text);
    await writeFileAtomic(this.path, text, { mode: 0o600 });
  }

  /** Has the whole file read as the relay will, before it gets its name. */
  async #check(text: string): Promise<void> {
    const mark = randomBytes(6).toString("hex");
    const directory = dirname(this.path);
    const candidate = join(directory, `.${basename(this.path)}.${mark}.tmp`);
    try {
      await Deno.writeTextFile(candidate, text, {
        createNew: true,
        mode: 0o600,
      });
      loadConfig({ ...this.#options, path: candidate });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(
        error.problems.map((problem) =>
          problem.replaceAll(candidate, basename(this.path))
        ),
        { cause: error },
      );
    } finally {
      await Deno.remove(candidate).catch(() => {/* It was never made. */});
    }
  }

  #lock({ name, variable, setting }: Row): string | undefined {
    const { set = [], env } = this.#options;
    if (set.some((each) => each.startsWith(`${name}=`))) {
      return "It is set where the relay is started, with --set.";
    }
    if (env[variable] !== undefined) {
      return `It is set where the relay is started, as ${variable}.`;
    }
    return setting.path || BY_HAND.has(name)
      ? "It is changed in porchlight.toml alone."
      : undefined;
  }

  #text(): string {
    try {
      return Deno.readTextFileSync(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  #table(): Record<string, Record<string, unknown>> {
    try {
      return Object.fromEntries(
        Object.entries(parse(this.#text())).map(([name, value]) => [
          name,
          typeof value === "object" ? { ...value } : {},
        ]),
      );
    } catch {
      // `current` tells what is wrong with it.
      return {};
    }
  }
}

/** A value of the file as it stands in a field: lists with commas. */
function textOf(raw: unknown): string {
  if (Array.isArray(raw)) return raw.join(", ");
  return raw === undefined ? "" : String(raw);
}

function rawOf(row: Row, text: string, problems: string[]) {
  const { setting, name } = row;
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const raw = setting.fromText(trimmed);
  if (setting.read(raw) === undefined) {
    const shown = setting.secret ? "" : ` "${trimmed.slice(0, 60)}"`;
    problems.push(`${name}${shown}: it must be ${setting.allowed}.`);
    return undefined;
  }
  if (
    typeof raw === "string" || typeof raw === "number" ||
    typeof raw === "boolean"
  ) return raw;
  if (Array.isArray(raw)) {
    return raw.filter((item) =>
      typeof item === "string" || typeof item === "number"
    );
  }
  throw new TypeError(`Cannot write the value of ${name}`);
}
