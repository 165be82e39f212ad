import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { BuildError, type Target } from "./targets.ts";

/** A finished executable and what packages of it have to know. */
export interface FinishedArtifact {
  readonly target: Target;
  readonly path: string;
  readonly version: string;
  /** When its commit was made, in seconds since 1970. */
  readonly time: number;
  /** Directory that it lies in, with `THIRD_PARTY.txt`. */
  readonly directory: string;
}

/**
 * Looks at an executable that `deno task compile` made in a directory.
 *
 * @throws {BuildError} when there is none
 */
export async function finishedArtifact(
  target: Target,
  { directory }: { directory: string },
): Promise<FinishedArtifact> {
  const path = join(directory, `porchlight-${target.name}`);
  let sbom: {
    metadata: { component: { version: string }; timestamp: string };
  };
  try {
    sbom = JSON.parse(await Deno.readTextFile(`${path}.cdx.json`));
  } catch (cause) {
    throw new BuildError(`There is no ${path}: run deno task compile first`, {
      cause,
    });
  }
  const { component, timestamp } = sbom.metadata;
  const time = Date.parse(timestamp) / 1000;
  return { target, path, version: component.version, time, directory };
}

/** A file out of a self-extracting executable. */
export interface UnpackedFile {
  readonly name: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
}

/** A self-extracting executable in its parts; see `self_extracting.ts`. */
export interface UnpackedArtifact {
  /** Name of the directory that it unpacks into. */
  readonly id: string;
  /** The script alone. */
  readonly launcher: Uint8Array;
  readonly files: readonly UnpackedFile[];
}

/**
 * Unpacks a self-extracting executable, of another machine too; `undefined`
 * for one that `deno compile` made.
 *
 * @throws {BuildError} when it is damaged
 */
export async function unpackArtifact(
  path: string,
): Promise<UnpackedArtifact | undefined> {
  const whole = Buffer.from(await Deno.readFile(path));
  if (whole.subarray(0, 2).toString() !== "#!") return undefined;
  const script = whole.subarray(0, 64 * 1024).toString("latin1");
  const id = /^id=([0-9a-f]+)$/m.exec(script)?.[1];
  const calls = [
    ...script.matchAll(
      /^ {2}unpack_file (\S+) (\d+) (\d+) (\d+) ([0-9a-f]{64})/gm,
    ),
  ];
  const files = calls.map(([, name, offset, length, mode, sha256]) => {
    const start = Number(offset) - 1;
    const bytes = gunzipSync(whole.subarray(start, start + Number(length)));
    if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
      throw new BuildError(`${path} is damaged: ${name}`);
    }
    return { name, mode: parseInt(mode, 8), bytes };
  });
  if (id === undefined || files.length === 0) {
    throw new BuildError(`${path} is no executable of Porchlight`);
  }
  const launcher = whole.subarray(0, Number(calls[0][2]) - 1);
  return { id, launcher, files };
}
