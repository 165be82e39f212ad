/**
 * Changes single settings in the text of `porchlight.toml` and leaves all
 * else, comments too, as its owner wrote it.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { parse } from "smol-toml";
import { ConfigError } from "./error.ts";
import { formatRaw, type Raw } from "./settings.ts";

/** Most lines that one value may take. */
const MAX_VALUE_LINES = 500;

/** New values by `section.key`; `undefined` takes the setting out. */
export type SettingChanges = ReadonlyMap<string, Raw | undefined>;

/**
 * The text with these settings changed. A new one goes below the line that
 * shows its default, if there is one.
 *
 * @throws {ConfigError} where the text is not valid, or has the setting in a
 * form that this does not know (`section = { … }`)
 */
export function editSettings(toml: string, changes: SettingChanges): string {
  let text = toml;
  for (const [name, value] of changes) {
    const [section, key] = name.split(".");
    const changed = withSetting(text, { section, key, value });
    const expected = changedTable(read(text), { section, key, value });
    if (!isDeepStrictEqual(read(changed), expected)) {
      throw new ConfigError([
        `${name} is written in porchlight.toml in a way that only you can ` +
        "change. Change it there, or write it as key = value below a line " +
        `[${section}].`,
      ]);
    }
    text = changed;
  }
  return text;
}

interface Change {
  readonly section: string;
  readonly key: string;
  readonly value: Raw | undefined;
}

function withSetting(text: string, { section, key, value }: Change): string {
  const lines = text.split("\n");
  const written = value === undefined ? [] : [`${key} = ${formatRaw(value)}`];
  const header = lines.findIndex((line) => headerOf(line) === section);
  if (header < 0) {
    if (value === undefined) return text;
    const gap = text === "" || text.endsWith("\n\n")
      ? ""
      : text.endsWith("\n")
      ? "\n"
      : "\n\n";
    return `${text}${gap}[${section}]\n${written[0]}\n`;
  }
  const next = lines.findIndex((line, index) =>
    index > header && headerOf(line) !== undefined
  );
  const end = next < 0 ? lines.length : next;
  const find = (before: string) => {
    const pattern = new RegExp(`^\\s*${before}${RegExp.escape(key)}\\s*=`);
    return lines.findIndex((line, index) =>
      index > header && index < end && pattern.test(line)
    );
  };
  const at = find("");
  if (at >= 0) lines.splice(at, lengthAt(lines, at), ...written);
  else if (value !== undefined) {
    const shown = find("#\\s*");
    lines.splice((shown < 0 ? header : shown) + 1, 0, ...written);
  }
  return lines.join("\n");
}

/** `section` of `[section]`. */
function headerOf(line: string): string | undefined {
  return /^\s*\[\s*["']?([^\]"'[]*?)["']?\s*\]\s*(?:#.*)?$/.exec(line)?.[1];
}

/** How many lines the value has that begins here. */
function lengthAt(lines: readonly string[], at: number): number {
  for (let count = 1; count <= MAX_VALUE_LINES; count++) {
    try {
      parse(lines.slice(at, at + count).join("\n"));
      return count;
    } catch {
      // It goes on in the next line.
    }
  }
  return 1;
}

type Table = Record<string, unknown>;

function changedTable(table: Table, { section, key, value }: Change): Table {
  const { [key]: _, ...rest } = tableOf(table[section]);
  if (value !== undefined) {
    return { ...table, [section]: { ...rest, [key]: value } };
  }
  return Object.hasOwn(table, section) ? { ...table, [section]: rest } : table;
}

function tableOf(value: unknown): Table {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...value }
    : {};
}

/** The parser's tables have no prototype. */
function read(text: string): Table {
  try {
    return Object.fromEntries(
      Object.entries(parse(text)).map(([name, value]) => [
        name,
        typeof value === "object" && !Array.isArray(value) &&
          !(value instanceof Date)
          ? tableOf(value)
          : value,
      ]),
    );
  } catch (cause) {
    throw new ConfigError([
      "porchlight.toml is not valid TOML, so nothing was changed in it.",
    ], { cause });
  }
}
