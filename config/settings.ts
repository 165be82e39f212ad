/**
 * The kinds of setting that `porchlight.toml` knows. A kind reads a value
 * from the file or from text, and says in words what it allows.
 *
 * @module
 */

import { isIP, isIPv6 } from "node:net";
import { parse } from "smol-toml";
import { parseDuration, parseSize } from "./units.ts";

/** A value as it stands in the file. */
export type Raw = string | number | boolean | readonly (string | number)[];

/** One key of `porchlight.toml`, read into a `T`. */
export interface Setting<T> {
  /** What the key does, for its owner: whole sentences. */
  readonly doc: string;
  /** The default as it would be written in the file. */
  readonly default: Raw;
  /** What the default stands for, where the value alone does not say. */
  readonly defaultDoc?: string;
  /** What may be written, to follow "must be". */
  readonly allowed: string;
  /** The unit that ends the name in code and not in the file: `endDelayMs` is `end_delay`. */
  readonly unit?: "Ms" | "Seconds" | "Bytes";
  /** Whether the value is kept out of error messages. */
  readonly secret?: boolean;
  /** Whether a relative path counts from the data directory. */
  readonly path?: boolean;
  /** The value from the file, or undefined when it is not allowed. */
  read(raw: unknown): T | undefined;
  /** Turns the text of `--set` or of an environment variable into a file value. */
  fromText(text: string): unknown;
}

interface Common<R extends Raw> {
  readonly doc: string;
  readonly default: R;
  readonly defaultDoc?: string;
}

/** Any text that matches `pattern`. */
export function text(
  options: Common<string> & {
    pattern?: RegExp;
    allowed?: string;
    secret?: boolean;
  },
): Setting<string> {
  const { pattern, allowed = "text", ...rest } = options;
  return {
    ...rest,
    allowed,
    fromText: asIs,
    read: (raw) =>
      typeof raw === "string" && (pattern?.test(raw) ?? true) ? raw : undefined,
  };
}

/** A list of texts that each match `pattern`. */
export function texts(
  options: Common<readonly string[]> & { pattern: RegExp; allowed: string },
): Setting<string[]> {
  const { pattern, ...rest } = options;
  return {
    ...rest,
    fromText: listFromText,
    read: (raw) => {
      const all = stringsOf(raw);
      return all?.every((item) => pattern.test(item)) ? all : undefined;
    },
  };
}

/** A file or directory. */
export function path(options: Common<string>): Setting<string> {
  return {
    ...options,
    allowed: "a path in quotes",
    path: true,
    fromText: asIs,
    read: (raw) =>
      typeof raw === "string" && !raw.includes("\0") ? raw : undefined,
  };
}

/** One of a few words. */
export function choice<W extends string>(
  words: readonly W[],
  options: Common<W>,
): Setting<W> {
  return {
    ...options,
    allowed: `one of ${words.map((word) => `"${word}"`).join(", ")}`,
    fromText: asIs,
    read: (raw) => words.find((word) => word === raw),
  };
}

/** `true` or `false`. */
export function flag(options: Common<boolean>): Setting<boolean> {
  return {
    ...options,
    allowed: "true or false",
    fromText: (text) =>
      text === "true" ? true : text === "false" ? false : text,
    read: (raw) => typeof raw === "boolean" ? raw : undefined,
  };
}

/** A whole number. */
export function integer(
  options: Common<number> & { min: number; max: number },
): Setting<number> {
  const { min, max, ...rest } = options;
  return {
    ...rest,
    allowed: `a whole number from ${min} to ${max}`,
    fromText: numberFromText,
    read: (raw) => isIntegerIn(raw, min, max) ? raw : undefined,
  };
}

/** A list of TCP ports, at least one. */
export function ports(options: Common<readonly number[]>): Setting<number[]> {
  return {
    ...options,
    allowed:
      "a list of ports from 0 to 65535, such as [5223, 443] (0: any free port)",
    fromText: (text) => listFromText(text).map(numberFromText),
    read: (raw) => {
      if (!Array.isArray(raw) || raw.length === 0) return undefined;
      const all = raw.filter((port) => isIntegerIn(port, 0, 65535));
      return all.length === raw.length ? all : undefined;
    },
  };
}

/** A list of IP addresses, at least one; IPv6 is read with brackets around it. */
export function ipAddresses(
  options: Common<readonly string[]>,
): Setting<string[]> {
  return {
    ...options,
    allowed: `a list of IP addresses, such as ["[::]", "0.0.0.0"]`,
    fromText: listFromText,
    read: (raw) => {
      const bare = stringsOf(raw)?.map((a) => a.replace(/^\[(.*)\]$/, "$1"));
      return bare?.length && bare.every((a) => isIP(a) !== 0)
        ? bare.map((a) => isIPv6(a) ? `[${a}]` : a)
        : undefined;
    },
  };
}

/** A list of host names or IP addresses, as they stand in a relay's address. */
export function hosts(options: Common<readonly string[]>): Setting<string[]> {
  const label = /^(?!-)[a-zA-Z0-9-]{1,63}(?<!-)$/;
  const isHost = (host: string) =>
    isIP(host) !== 0 ||
    (host.length <= 253 && host.split(".").every((part) => label.test(part)));
  return {
    ...options,
    allowed:
      `a list of host names or IP addresses without a port, such as ["relay.example.org"]`,
    fromText: listFromText,
    read: (raw) => {
      const bare = stringsOf(raw)?.map((a) => a.replace(/^\[(.*)\]$/, "$1"));
      return bare?.every(isHost) ? bare : undefined;
    },
  };
}

interface DurationOptions extends Common<string> {
  readonly min: string;
  readonly max: string;
}

/** A duration, read as milliseconds. */
export function milliseconds(options: DurationOptions): Setting<number> {
  const { min, max, ...rest } = options;
  return {
    ...rest,
    unit: "Ms",
    allowed: `a duration from ${min} to ${max}, such as "1.5s", "2h" or "21d"`,
    fromText: asIs,
    read: (raw) => readDuration(raw, options),
  };
}

/** A duration of whole seconds, read as seconds. */
export function seconds(options: DurationOptions): Setting<number> {
  const { min, max, ...rest } = options;
  return {
    ...rest,
    unit: "Seconds",
    allowed:
      `a duration of whole seconds from ${min} to ${max}, such as "30s", "2h" or "21d"`,
    fromText: asIs,
    read: (raw) => {
      const ms = readDuration(raw, options);
      return ms !== undefined && ms % 1000 === 0 ? ms / 1000 : undefined;
    },
  };
}

/** The same setting, or "off", which is read as null. */
export function orOff<T>(setting: Setting<T>): Setting<T | null> {
  return {
    ...setting,
    allowed: `${setting.allowed}, or "off"`,
    read: (raw) => raw === "off" ? null : setting.read(raw),
  };
}

/** A size, read as bytes. */
export function size(
  options: Common<string> & { min: string; max: string },
): Setting<number> {
  const { min, max, ...rest } = options;
  return {
    ...rest,
    unit: "Bytes",
    allowed: `a size from ${min} to ${max}, such as "512KB" or "1MB"`,
    fromText: asIs,
    read: (raw) => {
      const bytes = typeof raw === "string" ? parseSize(raw) : undefined;
      return inRange(bytes, parseSize(min), parseSize(max));
    },
  };
}

/** A list of sizes, at least one, read as bytes. */
export function sizes(
  options: Common<readonly string[]> & { min: string; max: string },
): Setting<number[]> {
  const { min, max, ...rest } = options;
  return {
    ...rest,
    unit: "Bytes",
    allowed: `a list of sizes from ${min} to ${max}, such as ["64KB", "1MB"]`,
    fromText: listFromText,
    read: (raw) => {
      const all = stringsOf(raw)?.map((item) =>
        inRange(parseSize(item), parseSize(min), parseSize(max))
      );
      const read = all?.filter((item) => item !== undefined);
      return read?.length && read.length === all?.length ? read : undefined;
    },
  };
}

/** A value as it is written in the file: `["a", "b"]`, `"21d"`, `128`. */
export function formatRaw(raw: Raw): string {
  return typeof raw === "object"
    ? `[${raw.map((item) => JSON.stringify(item)).join(", ")}]`
    : JSON.stringify(raw);
}

/** A value in an error message: short, whatever was written. */
export function describeRaw(raw: unknown): string {
  const plain = JSON.stringify(
    raw,
    (_key, value) => typeof value === "bigint" ? String(value) : value,
  ) ?? String(raw);
  return plain.length > 60 ? `${plain.slice(0, 57)}…` : plain;
}

function readDuration(
  raw: unknown,
  { min, max }: DurationOptions,
): number | undefined {
  const ms = typeof raw === "string" ? parseDuration(raw) : undefined;
  return inRange(ms, parseDuration(min), parseDuration(max));
}

function inRange(
  value: number | undefined,
  min: number | undefined,
  max: number | undefined,
): number | undefined {
  if (min === undefined || max === undefined) {
    throw new TypeError("Cannot use a setting whose range is not readable");
  }
  return value !== undefined && value >= min && value <= max
    ? value
    : undefined;
}

function isIntegerIn(raw: unknown, min: number, max: number): raw is number {
  return typeof raw === "number" && Number.isInteger(raw) && raw >= min &&
    raw <= max;
}

function stringsOf(raw: unknown): string[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  const strings = raw.filter((item) => typeof item === "string");
  return strings.length === raw.length ? strings : undefined;
}

function asIs(text: string): string {
  return text;
}

function numberFromText(text: string): unknown {
  return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
}

/** Reads `a, b` and, for those who paste from the file, `["a", "b"]`. */
function listFromText(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  if (/^\[[^:]*["'\d\]]/.test(trimmed)) {
    try {
      const { list } = parse(`list = ${trimmed}`);
      if (Array.isArray(list)) return list.map(String);
    } catch {
      // Not a TOML list: read as plain text, whose items are checked anyway.
    }
  }
  return trimmed.split(",").map((item) => item.trim());
}
