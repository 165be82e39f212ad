/**
 * The lines of a log, read in pieces so that its size does not matter.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** One line of a file, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** One character a byte; undefined where it is longer than any record. */
  readonly text: string | undefined;
  /** False for a last line without a newline: it was not written to its end. */
  readonly complete: boolean;
}

/** No record is longer: two parts of link data fill a block each, in base64. */
export const LINE_MAX = 128 * 1024;

const CHUNK = 1024 * 1024;

/**
 * Reads the lines of the file at `path`, each to its newline; what is behind
 * the last newline is a line that is not complete. Lines of more than
 * `maxLength` characters have no text.
 *
 * @throws the errors of `Deno.openSync` and `Deno.FsFile.readSync`
 */
export function* readLines(
  path: string,
  { maxLength = LINE_MAX }: { readonly maxLength?: number } = {},
): Generator<Line> {
  using file = Deno.openSync(path, { read: true });
  const chunk = Buffer.alloc(CHUNK);
  /** What came before this chunk of the line; undefined when it is too long. */
  let begun: string | undefined = "";
  let number = 1;
  for (;;) {
    const size = file.readSync(chunk);
    if (size === null) break;
    let from = 0;
    for (;;) {
      const end = chunk.subarray(0, size).indexOf(10, from);
      const piece: string = chunk.toString(
        "latin1",
        from,
        end < 0 ? size : end,
      );
      const text: string | undefined = joined(begun, piece, maxLength);
      if (end < 0) {
        begun = text;
        break;
      }
      yield { number, text, complete: true };
      number++;
      begun = "";
      from = end + 1;
    }
  }
  if (begun !== "") yield { number, text: begun, complete: false };
}

function joined(
  begun: string | undefined,
  piece: string,
  maxLength: number,
): string | undefined {
  return begun === undefined || begun.length + piece.length > maxLength
    ? undefined
    : begun + piece;
}
