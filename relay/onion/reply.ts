/**
 * Replies of tor's control port, from bytes to lines.
 *
 * ```
 * MidReplyLine = Code "-" Text CRLF
 * DataReply    = Code "+" Text CRLF *(Line CRLF) "." CRLF
 * EndReplyLine = Code " " Text CRLF
 * ```
 *
 * Source: control-spec, "Replies from Tor to the controller".
 *
 * @module
 */

import { TorError } from "./errors.ts";

/** One reply: all its lines have the code of the last. */
export interface Reply {
  /** Three digits: 250 is "OK". */
  readonly code: number;
  /** What stands behind the code, line by line. */
  readonly lines: readonly string[];
}

/** Bounds of what is listened to. */
const MAX_LINE = 8192;
const MAX_LINES = 512;

const LINE = /^([2-6]\d\d)([-+ ])([^]*)$/;

/** Puts bytes together to replies. */
export class ReplyReader {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #lines: string[] = [];
  #inData = false;

  /**
   * Takes bytes as they come; gives the replies that they complete.
   *
   * @throws {TorError} `no answer` for what tor would not send; nothing more
   * can be read then
   */
  push(bytes: Uint8Array): Reply[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const lines = this.#rest.split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    const replies: Reply[] = [];
    for (const line of lines) {
      const reply = this.#line(line);
      if (reply !== undefined) replies.push(reply);
    }
    if (this.#rest.length > MAX_LINE) throw strange();
    return replies;
  }

  #line(line: string): Reply | undefined {
    if (line.length > MAX_LINE || this.#lines.length >= MAX_LINES) {
      throw strange();
    }
    if (this.#inData) {
      if (line === ".") this.#inData = false;
      else this.#lines.push(line.replace(/^\./, ""));
      return undefined;
    }
    const match = LINE.exec(line);
    if (match === null) throw strange();
    const [, code, kind, text] = match;
    this.#lines.push(text);
    this.#inData = kind === "+";
    if (kind !== " ") return undefined;
    const all = this.#lines;
    this.#lines = [];
    return { code: Number(code), lines: all };
  }
}

function strange(): TorError {
  return new TorError(
    "no answer",
    "What listens where tor's control port should be is not tor.",
    { remedy: "Set onion.control to the control port of tor." },
  );
}

/**
 * The value of `key=value` in a line of a reply: as it is, or of a quoted
 * string what it stands for.
 */
export function valueIn(line: string, key: string): string | undefined {
  const start = ` ${line}`.indexOf(` ${key}=`);
  if (start === -1) return undefined;
  const text = line.slice(start + key.length + 1);
  const quoted = /^"((?:[^"\\]|\\[^])*)"/.exec(text);
  if (quoted === null) return /^[^ ]*/.exec(text)?.[0];
  // Tor escapes as C does; of that, only these occur in paths of text.
  return quoted[1].replace(/\\([^])/g, "$1");
}
