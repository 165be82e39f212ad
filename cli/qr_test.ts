import assert from "node:assert/strict";
import { encode } from "uqr";
import { hasProgram } from "../tests/packages.ts";
import { qrLines } from "./qr.ts";

const text =
  "smp://LcJUMfVhwD8yxjAiSaDzzGF3-kLG4Uh0Fl_ZIjrRwjI=@192.168.100.200:5223";

/** Terminals with the colours that they have of themselves: 0 black, 255 white. */
const terminals = [
  { name: "colours, dark", ink: 255, paper: 0, colour: true, light: false },
  { name: "colours, light", ink: 0, paper: 255, colour: true, light: false },
  { name: "plain, dark", ink: 255, paper: 0, colour: false, light: false },
  { name: "plain, light", ink: 0, paper: 255, colour: false, light: true },
];

type Terminal = typeof terminals[number];

/** What the terminal shows: rows of pixels, each character 1 wide and 2 high. */
function screen(lines: readonly string[], terminal: Terminal): number[][] {
  return lines.flatMap((line) => {
    let { ink, paper } = terminal;
    const rows: number[][] = [[], []];
    // deno-lint-ignore no-control-regex -- escape sequences are what it reads
    for (const [part] of line.matchAll(/\x1b\[[\d;]*m|[^]/gu)) {
      if (part === "\x1b[38;5;16;48;5;231m") [ink, paper] = [0, 255];
      else if (part === "\x1b[0m") ({ ink, paper } = terminal);
      else {
        assert(" ▄▀█".includes(part), JSON.stringify(part));
        rows[0].push("▀█".includes(part) ? ink : paper);
        rows[1].push("▄█".includes(part) ? ink : paper);
      }
    }
    return rows;
  });
}

for (const terminal of terminals) {
  Deno.test(`a QR code is dark on light (${terminal.name})`, () => {
    const { data, size } = encode(text, { ecc: "L", border: 4 });
    const shown = screen(qrLines(text, terminal), terminal);
    assert.equal(shown.length, size + size % 2);
    const dark = shown.slice(0, size).map((row) => row.map((it) => it === 0));
    assert.deepEqual(dark, data);
    // The frame is light to the very edge.
    assert(shown[0].every((it) => it === 255));
    assert(shown.at(-1)?.every((it) => it === 255));
  });

  Deno.test({
    name: `a QR reader reads it (${terminal.name})`,
    ignore: !await hasProgram("zbarimg"),
    async fn() {
      const shown = screen(qrLines(text, terminal), terminal);
      assert.equal(await readQr(shown, terminal.paper), text);
    },
  });
}

/** Reads a screenshot, with some terminal around it, by zbarimg. */
async function readQr(rows: number[][], around: number): Promise<string> {
  const [scale, margin] = [6, 8];
  const width = (rows[0].length + 2 * margin) * scale;
  const height = (rows.length + 2 * margin) * scale;
  const pixels = new Uint8Array(width * height).fill(around);
  for (let y = 0; y < rows.length * scale; y++) {
    for (let x = 0; x < rows[0].length * scale; x++) {
      const at = (y + margin * scale) * width + x + margin * scale;
      pixels[at] = rows[Math.floor(y / scale)][Math.floor(x / scale)];
    }
  }
  const path = await Deno.makeTempFile({ suffix: ".pgm" });
  try {
    const header = new TextEncoder().encode(`P5 ${width} ${height} 255\n`);
    await Deno.writeFile(path, new Uint8Array([...header, ...pixels]));
    const { stdout } = await new Deno.Command("zbarimg", {
      args: ["--quiet", "--raw", path],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(path);
  }
}
