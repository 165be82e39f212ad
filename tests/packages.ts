/**
 * Programs of the system that tests run the real thing with.
 *
 * @module
 */

import { delimiter, join } from "node:path";

/** Programs by the Debian package that brings them. */
const programs: Readonly<Record<string, string>> = {
  // The second opinion on our certificates and on our TLS.
  openssl: "openssl",
  // The SOCKS5 server between two relays.
  microsocks: "microsocks",
  // Reads the QR codes in the terminal's output.
  "zbar-tools": "zbarimg",
  // h2load, for HTTP/2. The package has no daemon.
  "nghttp2-client": "h2load",
  // Namespaces and routers of the network lab.
  iproute2: "ip",
  nftables: "nft",
  // Asks the core for names there.
  "bind9-dnsutils": "dig",
};

/** Debian packages that the tests would like and that are not here. */
export async function missingPackages(): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, program] of Object.entries(programs)) {
    if (!await hasProgram(program)) missing.push(name);
  }
  return missing;
}

/** Whether a program is on `PATH`. */
export async function hasProgram(program: string): Promise<boolean> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(delimiter)) {
    try {
      if ((await Deno.stat(join(directory, program))).isFile) return true;
    } catch {
      // Not in this directory.
    }
  }
  return false;
}
