import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ENTRY, type Program } from "./program.ts";
import type { Sources } from "./sources.ts";
import { DENO_VERSION, RUN_FLAGS, type Target } from "./targets.ts";

/** A file that goes into the executable. */
interface Packed {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly sha256: string;
  readonly compressed: Uint8Array;
}

/**
 * Makes one executable of Deno's own binary and the bundled program: a shell
 * script that unpacks what follows it. For machines on which `deno compile`
 * has no `denort` to build upon.
 *
 * ```
 * launcher.sh, padded with newlines to a whole block of 4096 bytes
 * gzip of each file, one after the other: the script knows offsets and lengths
 * ```
 */
export async function packSelfExtracting(
  program: Program,
  { sources, target, deno, output }: {
    sources: Sources;
    target: Target;
    /** Path of Deno's binary for the target. */
    deno: string;
    output: string;
  },
): Promise<void> {
  const packed = [
    // By our own name, for that is what process lists show.
    await pack(deno, { name: "porchlight", mode: 0o755 }),
  ];
  for (const name of program.files) {
    packed.push(
      await pack(join(program.directory, name), { name, mode: 0o644 }),
    );
  }
  const launcher = await launcherOf(packed, { sources, target });
  await Deno.writeFile(`${output}.new`, launcher, { mode: 0o755 });
  for (const { compressed } of packed) {
    await Deno.writeFile(`${output}.new`, compressed, { append: true });
  }
  await Deno.rename(`${output}.new`, output);
}

async function pack(
  path: string,
  { name, mode }: { name: string; mode: number },
): Promise<Packed> {
  const bytes = await Deno.readFile(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const compressed = gzipSync(bytes, { level: 9 });
  return { name, mode, size: bytes.length, sha256, compressed };
}

async function launcherOf(
  packed: readonly Packed[],
  { sources, target }: { sources: Sources; target: Target },
): Promise<Uint8Array> {
  const template = await Deno.readTextFile(
    join(sources.directory, "build/launcher.sh"),
  );
  const id = createHash("sha256").update(
    [DENO_VERSION, template, ...packed.map(({ sha256 }) => sha256)].join("\n"),
  ).digest("hex").slice(0, 32);
  const size = packed.reduce((sum, { size }) => sum + size, 0);
  const fill = (start: number) => {
    let offset = start;
    const files = packed.map(({ name, mode, sha256, compressed }) => {
      // tail(1) counts bytes from 1.
      const line = `  unpack_file ${name} ${offset + 1} ${compressed.length} ${
        mode.toString(8)
      } ${sha256}`;
      offset += compressed.length;
      return line;
    });
    const values: Readonly<Record<string, string>> = {
      VERSION: sources.version,
      COMMIT: sources.commit,
      TARGET: target.name,
      ID: id,
      MACHINE: target.name.split("-")[0],
      FILES: files.join(" &&\n"),
      MEGABYTES: String(Math.ceil(size / 1e6)),
      FLAGS: RUN_FLAGS.join(" "),
      ENTRY,
    };
    return new TextEncoder().encode(
      template.replaceAll(/@([A-Z]+)@/g, (_, name: string) => values[name]),
    );
  };
  // The offsets are part of the script that they begin after: a fixed size,
  // far above what it needs, ends that circle.
  const block = 4096;
  const start = Math.ceil((fill(0).length + 256) / block) * block;
  const text = fill(start);
  const whole = new Uint8Array(start).fill("\n".charCodeAt(0));
  whole.set(text);
  return whole;
}
