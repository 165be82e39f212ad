/**
 * The machines that Porchlight is built for, and what differs between them.
 *
 * @module
 */

/** The Deno that runs in every artifact. npm has it for both processors. */
export const DENO_VERSION = "2.9.5";

/** Switches that Deno runs the program with, in every artifact and from a checkout. */
export const RUN_FLAGS: readonly string[] = [
  // The relay reads /proc and calls OpenSSL by FFI; Deno counts either as
  // everything, so a shorter list would promise more than it keeps. What the
  // process may do is limited by its unit, see systemd/.
  "--allow-all",
  // A smaller nursery for JavaScript objects: a fifth less memory.
  "--v8-flags=--max-semi-space-size=4",
];

/** A kind of machine. */
export interface Target {
  /** As in the name of the artifact, `porchlight-<name>`. */
  readonly name: "x86_64-linux" | "aarch64-linux";
  /** As Deno names it. */
  readonly triple: string;
  /** npm package with Deno's binary. */
  readonly denoPackage: string;
  /** Of that package's tarball at {@link DENO_VERSION}, as npm writes it. */
  readonly denoIntegrity: string;
  /** Directory of sodium-native's addon for it, in `prebuilds/`. */
  readonly prebuild: string;
  /** `e_machine` of its programs (elf(5)). */
  readonly elfMachine: number;
  /** As Debian and the container world (OCI, Go) name the processor. */
  readonly architecture: "amd64" | "arm64";
}

/** All machines. */
export const TARGETS: readonly Target[] = [
  {
    name: "x86_64-linux",
    triple: "x86_64-unknown-linux-gnu",
    denoPackage: "@deno/linux-x64-glibc",
    denoIntegrity:
      "sha512-TDqcnoLe3jlgqYEQm7H7MK6q0JOth+o8iSZzknRODnVkJfPiNnjVn1M1Zc6vnp+ipkyb6Av1/CUlHgHtlq59Gw==",
    prebuild: "linux-x64",
    elfMachine: 62,
    architecture: "amd64",
  },
  {
    name: "aarch64-linux",
    triple: "aarch64-unknown-linux-gnu",
    denoPackage: "@deno/linux-arm64-glibc",
    denoIntegrity:
      "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
    prebuild: "linux-arm64",
    elfMachine: 183,
    architecture: "arm64",
  },
];

/**
 * The target of that name.
 *
 * @throws {BuildError}
 */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((target) =>
    target.name === name || target.triple === name
  );
  if (target) return target;
  const names = TARGETS.map(({ name }) => name).join(", ");
  throw new BuildError(`There is no target "${name}". There are: ${names}`);
}

/** Nothing was built; the message says why, and what to do. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}
