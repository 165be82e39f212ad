/**
 * What `porchlight start` shows its owner.
 *
 * @module
 */

import { VERSION } from "../relay/version.ts";
import type { Config } from "../config/mod.ts";
import { printQr } from "./qr.ts";
import type { Terminal } from "./terminal.ts";

export interface BannerOptions {
  readonly config: Config;
  /** The configuration file. */
  readonly file: string;
  /** The relay's addresses, best first. */
  readonly addresses: readonly string[];
}

/** Prints what runs, its address, and what to do next. */
export function printBanner(options: BannerOptions, terminal: Terminal): void {
  const { config, file, addresses } = options;
  const [first, ...others] = addresses;
  terminal.print(
    "",
    terminal.style(
      "bold",
      `Porchlight ${VERSION} is running: a SimpleX relay on your own machine.`,
    ),
    "",
    `  ${terminal.style("green", first)}`,
    ...others.map((address) => `  ${address}`),
    "",
    "Use it: in the SimpleX app, open Settings > Network & servers > Your",
    "servers > Add server > Scan server QR code, then Save servers.",
  );
  if (config.address.hosts.length === 0) {
    terminal.print("", ...reach(first), `address.hosts in ${file}`);
  }
  terminal.print("", `Data and settings: ${config.data.directory}`, "");
  // Last, for a window of 24 lines then has all of it.
  printQr(first, terminal);
  if (terminal.isTerminal) terminal.print("Stop it with Ctrl-C.");
}

/** From where an address that nobody chose can be reached, and what to do. */
function reach(address: string): string[] {
  const [, host, port] = /@\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const atHome = /^(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))\.|^localhost$/;
  return atHome.test(host)
    ? [
      "This address works in your home network. To be reached from everywhere,",
      `forward port ${port} in your router (docs/operating.md says how), and set`,
    ]
    : [
      "This address is the machine's IP address. If that may change one day, give",
      "the machine a name before you share the address, and set",
    ];
}
