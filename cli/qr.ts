/**
 * QR codes in a terminal.
 *
 * @module
 */

import { encode } from "uqr";
import type { Terminal } from "./terminal.ts";

/** Width of the light frame in modules (ISO/IEC 18004: at least four). */
const QUIET_ZONE = 4;

// Exact black and white of the 256-colour palette: themes change the first 16.
const BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m";
const RESET = "\x1b[0m";

/**
 * The lines of a QR code, two modules a character. With colours it is black
 * on white in every terminal. Without, blocks are drawn for the light modules
 * on a dark terminal and for the dark ones on a light terminal.
 */
export function qrLines(
  text: string,
  { colour, light }: Pick<Terminal, "colour" | "light">,
): string[] {
  const { data } = encode(text, { ecc: "L", border: QUIET_ZONE });
  const inked = (row: number, column: number) => {
    // Below the last row of an odd number: paper, like the frame.
    const dark = data[row]?.[column] ?? false;
    return colour || light ? dark : !dark;
  };
  const lines: string[] = [];
  for (let row = 0; row < data.length; row += 2) {
    const line = data[row].map((_, column) =>
      " ▄▀█"[(inked(row, column) ? 2 : 0) + (inked(row + 1, column) ? 1 : 0)]
    ).join("");
    lines.push(colour ? `${BLACK_ON_WHITE}${line}${RESET}` : line);
  }
  return lines;
}

/** Prints a QR code, or why it cannot be shown. */
export function printQr(text: string, terminal: Terminal): void {
  const lines = qrLines(text, terminal);
  const { size } = encode(text, { ecc: "L", border: QUIET_ZONE });
  if (terminal.columns < size) {
    terminal.print(
      `The QR code needs ${size} columns, and this window has ` +
        `${terminal.columns}. Widen it, then: porchlight address --qr`,
    );
  } else terminal.print(...lines);
}
