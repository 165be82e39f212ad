/**
 * The reference's settings file, read as its library does (Haskell's `ini`
 * 0.4): sections in brackets, `key = value` or `key: value`, comments from
 * `#` or `;` at the beginning of a line.
 *
 * @module
 */

/** One setting of the file. */
export interface IniEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

/** A settings file. */
export interface Ini {
  /** In the order of the file. Of two with one name the first counts. */
  readonly entries: readonly IniEntry[];
  /** Lines that are neither section, setting, comment nor empty. */
  readonly unreadable: readonly number[];
}

/** Reads a settings file; every text is one. */
export function parseIni(text: string): Ini {
  const entries: IniEntry[] = [];
  const unreadable: number[] = [];
  const known = new Set<string>();
  let section = "";
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const header = /^\[([^[\]]*)\]$/.exec(line);
    const entry = /^([^=:[\]]+)[=:](.*)$/.exec(line);
    if (header !== null) section = header[1].trim();
    else if (entry === null) unreadable.push(index + 1);
    else {
      const key = entry[1].trim();
      const name = `${section}.${key}`;
      if (known.has(name)) continue;
      known.add(name);
      entries.push({ section, key, value: entry[2].trim(), line: index + 1 });
    }
  }
  return { entries, unreadable };
}

/** The value of a setting. */
export function iniValue(
  ini: Ini,
  section: string,
  key: string,
): string | undefined {
  return ini.entries.find((entry) =>
    entry.section === section && entry.key === key
  )?.value;
}
