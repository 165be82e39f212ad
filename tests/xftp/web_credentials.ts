import { runOpenssl } from "../../relay/transport/testing.ts";

/** A certificate of the kind that browsers trust. */
export async function webCredentials(): Promise<
  { certificates: string; key: string }
> {
  const cwd = await Deno.makeTempDir();
  try {
    const { success, stderr } = await runOpenssl([
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key"],
      ...["-out", "crt", "-days", "30", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost"],
    ], { cwd });
    if (!success) throw new Error(stderr);
    return {
      certificates: await Deno.readTextFile(`${cwd}/crt`),
      key: await Deno.readTextFile(`${cwd}/key`),
    };
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}
