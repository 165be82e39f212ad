/**
 * Heads of HTTP messages (RFC 9112), read strictly: no folded lines, no bare
 * line feeds, no white space around names, so that no two readers of the same
 * bytes can see different messages.
 *
 * @module
 */

import { Http1Error } from "./errors.ts";

/** Fields by their names in small letters. */
export type Fields = ReadonlyMap<string, string>;

/** Most fields of a message. */
const MAX_FIELDS = 64;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([A-Z]{1,16}) (\/[!-~]{0,4095}|\*) HTTP\/1\.([01])$/;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t -~\x80-\xff]*)?$/;
const VALUE = /^[\t -~\x80-\xff]*$/;
/** Fields of which a second one makes a message ambiguous. */
const SINGLE = new Set(["content-length", "host", "transfer-encoding"]);

/** What a request begins with. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Whether the client is one of HTTP/1.0. */
  readonly old: boolean;
  readonly fields: Fields;
}

/** What a response begins with. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: Fields;
}

/** @throws {Http1Error} `protocol` */
export function parseRequestHead(bytes: Uint8Array): RequestHead {
  const [line, ...lines] = linesOf(bytes);
  const parts = REQUEST_LINE.exec(line);
  if (parts === null) throw malformed("request line");
  const fields = parseFields(lines);
  const old = parts[3] === "0";
  if (!old && !fields.has("host")) throw malformed("host");
  return { method: parts[1], target: parts[2], old, fields };
}

/** @throws {Http1Error} `protocol` */
export function parseResponseHead(bytes: Uint8Array): ResponseHead {
  const [line, ...lines] = linesOf(bytes);
  const parts = STATUS_LINE.exec(line);
  if (parts === null) throw malformed("status line");
  return { status: Number(parts[1]), fields: parseFields(lines) };
}

/**
 * Length of the body; `undefined` when none is told.
 *
 * @throws {Http1Error} `protocol` for a body that has no known length
 */
export function bodyLength(fields: Fields): number | undefined {
  if (fields.has("transfer-encoding")) {
    throw new Http1Error("protocol", "Bodies in chunks are not taken");
  }
  const text = fields.get("content-length");
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw malformed("content-length");
  return Number(text);
}

/** Whether one of the words of the field `name` is `word`. */
export function hasWord(fields: Fields, name: string, word: string): boolean {
  return (fields.get(name) ?? "").toLowerCase().split(",")
    .some((each) => each.trim() === word);
}

/**
 * A head as it is sent.
 *
 * @throws {RangeError} when a field would end its line
 */
export function formatHead(
  line: string,
  fields: Readonly<Record<string, string>>,
): string {
  let head = `${line}\r\n`;
  for (const [name, value] of Object.entries(fields)) {
    if (!TOKEN.test(name) || !VALUE.test(value)) {
      throw new RangeError(`Not a field of HTTP: ${name}`);
    }
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

function linesOf(bytes: Uint8Array): string[] {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text.split("\r\n");
}

function parseFields(lines: readonly string[]): Fields {
  if (lines.length > MAX_FIELDS) throw malformed("number of fields");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = trimmed(line.slice(colon + 1));
    if (!TOKEN.test(name) || !VALUE.test(value)) throw malformed("field");
    const before = fields.get(name);
    if (before !== undefined && SINGLE.has(name)) throw malformed(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

/**
 * Without blanks at both ends. A regular expression for the end would look at
 * each run of blanks within the value again from each of its characters.
 */
function trimmed(value: string): string {
  const isBlank = (at: number) => value[at] === " " || value[at] === "\t";
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return value.slice(start, end);
}

function malformed(what: string): Http1Error {
  return new Http1Error("protocol", `Malformed ${what}`);
}
