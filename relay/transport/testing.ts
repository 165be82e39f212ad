/**
 * For tests of the transport: certificates as the reference makes them, and
 * `openssl` as a peer. Needs the `openssl` command.
 *
 * @module
 */

import type { TlsCredentials } from "./context.ts";

/** Runs `openssl` and returns what it printed. */
export async function runOpenssl(
  args: readonly string[],
  options: { input?: string | Uint8Array<ArrayBuffer>; cwd?: string } = {},
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const child = new Deno.Command("openssl", {
    args: [...args],
    cwd: options.cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const input = options.input ?? "";
  try {
    await writer.write(
      typeof input === "string" ? new TextEncoder().encode(input) : input,
    );
    await writer.close();
  } catch {
    // It has ended without reading its input; the status tells.
  }
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    success,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** A CA and a certificate it has signed, like `smp-server init` makes them. */
export async function makeCredentials(
  algorithm: "ED25519" | "ED448",
): Promise<TlsCredentials> {
  const cwd = await Deno.makeTempDir();
  try {
    const run = async (...args: string[]) => {
      const { success, stderr } = await runOpenssl(args, { cwd });
      if (!success) throw new Error(`openssl ${args[0]}: ${stderr}`);
    };
    const subject = (name: string) => ["-subj", `/CN=${name}`];
    await run("genpkey", "-algorithm", algorithm, "-out", "ca.key");
    await run("genpkey", "-algorithm", algorithm, "-out", "leaf.key");
    await run(
      ...["req", "-new", "-x509", "-days", "365", "-key", "ca.key"],
      ...["-out", "ca.crt", ...subject("Test CA")],
    );
    await run(
      ...["req", "-new", "-key", "leaf.key", "-out", "leaf.csr"],
      ...subject("localhost"),
    );
    await run(
      ...["x509", "-req", "-days", "365", "-in", "leaf.csr", "-CA", "ca.crt"],
      ...["-CAkey", "ca.key", "-CAcreateserial", "-out", "leaf.crt"],
    );
    const read = (name: string) => Deno.readTextFile(`${cwd}/${name}`);
    return {
      certificates: await read("leaf.crt") + await read("ca.crt"),
      key: await read("leaf.key"),
    };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}
