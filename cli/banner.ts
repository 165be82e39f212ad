/**
 * What `porchlight start` shows its owner.
 *
 * @module
 */

import { isIP } from "node:net";
import { VERSION } from "../relay/version.ts";
import type { Config } from "../config/mod.ts";
import type { PathAnswer } from "../relay/control/mod.ts";
import type { ReachedAddress } from "../relay/addresses.ts";
import { parseServerAddress } from "../relay/smp/mod.ts";
import { printQr } from "./qr.ts";
import type { Terminal } from "./terminal.ts";

export interface BannerOptions {
  readonly config: Config;
  /** The configuration file. */
  readonly file: string;
  /** The relay's addresses, best first. */
  readonly addresses: readonly ReachedAddress[];
  /** How the world reaches it. */
  readonly path: PathAnswer;
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
    `  ${terminal.style("green", first.address)}`,
    ...others.map(({ address, reach }) =>
      reach === "home" && first.reach !== "home"
        ? `  ${address}  (in your own network only)`
        : `  ${address}`
    ),
    "",
    "Use it: in the SimpleX app, open Settings > Network & servers > Your",
    "servers > Add server > Scan server QR code, then Save servers.",
  );
  if (config.address.hosts.length === 0) {
    const lines = config.path.core === ""
      ? [...reach(first, options.path), `address.hosts in ${file}`]
      : reachByCore(first, options.path);
    terminal.print("", ...lines);
  }
  terminal.print("", `Data and settings: ${config.data.directory}`, "");
  // Last, for a window of 24 lines then has all of it.
  printQr(first.address, terminal);
  if (terminal.isTerminal) terminal.print("Stop it with Ctrl-C.");
}

/** The same where a core gives the name. */
function reachByCore(
  { address }: ReachedAddress,
  { words }: PathAnswer,
): string[] {
  const { hosts } = parseServerAddress(address);
  if (hosts.some((host) => isIP(host) !== 0 || host === "localhost")) {
    return [
      "The core has not given this relay its name and port yet. Share no address",
      'before "porchlight address" shows one with a name; "porchlight status" says',
      "how it stands with the core.",
    ];
  }
  return [
    ...wrapped(words),
    "The name and the port are this relay's for good, wherever it moves: you can",
    "share the address.",
  ];
}

/** From where an address that nobody chose can be reached, and what to do. */
function reach(
  { address, reach }: ReachedAddress,
  path: PathAnswer,
): string[] {
  const [, host, port] = /@\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  if (reach !== "home") {
    return [
      ...wrapped(path.words),
      "Your provider may change this address one day, and apps keep it for",
      "life: before you share it, give it a name if you can, and set",
    ];
  }
  const atHome = /^(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))\.|^localhost$/;
  if (!atHome.test(host)) {
    return [
      "This address is the machine's IP address. If that may change one day, give",
      "the machine a name before you share the address, and set",
    ];
  }
  const looked = path.ways.length > 0;
  return [
    ...looked ? wrapped([path.words, path.remedy ?? ""].join(" ").trim()) : [],
    "This address works in your home network. To be reached from everywhere,",
    `forward port ${port} in your router (docs/operating.md says how), and set`,
  ];
}

/** Lines of at most 76 characters. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > 76) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
