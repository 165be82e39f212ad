import type {
  Found,
  FoundRelay,
  Role,
  SilentDirectory,
} from "../directory/mod.ts";
import { configuredDirectories } from "../relay/directories.ts";
import { type CoreAddress, parseCoreAddress } from "../tunnel/core_address.ts";
import { table } from "./ask.ts";
import { command } from "./command.ts";
import { interruptible } from "./file_flags.ts";
import { configFlags, UsageError } from "./flags.ts";
import { printQr } from "./qr.ts";
import { configOf } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

const PICK = 4;

/** `porchlight relays`: relays of others, for one's own app. */
export const relays = command({
  summary: "Find relays of others, and try them out from here",
  help:
    `Asks directories for relays that anybody may use, checks that each of them says
so itself, connects to all of them to see how near they are, and shows the best
ones, of different operators and networks, with QR codes for the SimpleX app.

  porchlight relays --pick 2
  porchlight relays --role xftp --region Europe

The directories are those of the settings (directories.addresses, else the
core), or those named with --directory. The exit code is 1 when none was found.`,
  flags: {
    pick: { doc: `How many to show (default ${PICK}).`, value: "N" },
    role: {
      doc: "smp for messages (the default), xftp for files.",
      value: "smp|xftp",
    },
    region: { doc: "Only relays that say they are there.", value: "REGION" },
    "min-score": { doc: "Only relays with this score, 0 to 100.", value: "N" },
    directory: {
      doc: "Ask this directory; may be repeated.",
      value: "ADDRESS",
      multiple: true,
    },
    "no-qr": { doc: "Show no QR codes." },
    json: { doc: "Print JSON, for programs." },
    ...configFlags,
  },
  async run(values, { terminal, env }, words) {
    if (words.length > 0) {
      throw new UsageError(
        "relays takes flags only: porchlight relays --pick 2",
      );
    }
    const count = numberOf("pick", values.pick, { min: 1, max: 20 }) ?? PICK;
    const role = roleOf(values.role);
    const minScore = numberOf("min-score", values["min-score"], {
      min: 0,
      max: 100,
    });
    const directories: CoreAddress[] = values.directory.length > 0
      ? values.directory.map(parseCoreAddress)
      : configuredDirectories(configOf(values, env));
    if (directories.length === 0) {
      throw new UsageError(
        "No directory is known. Name one: porchlight relays --directory " +
          "porchlight://<fingerprint>@<host>, or set directories.addresses.",
      );
    }
    const { found, chosen } = await interruptible(async (signal) => {
      const { chooseRelays, findRelays } = await import("../directory/mod.ts");
      const { region } = values;
      const options = { directories, role, region, minScore, signal };
      const found = await findRelays(options);
      return { found, chosen: chooseRelays(found.relays, count) };
    });
    if (values.json) {
      terminal.print(JSON.stringify(jsonOf(found, chosen), undefined, 2));
    } else {
      terminal.print(...describe(found, chosen, directories.length));
      if (!values["no-qr"]) printCodes(chosen, terminal);
    }
    return chosen.length > 0 ? 0 : 1;
  },
});

/** The list as people read it. */
export function describe(
  { relays, silent }: Found,
  chosen: readonly FoundRelay[],
  asked: number,
): string[] {
  const complaints = silent.map(complaintOf);
  if (chosen.length === 0) {
    return [
      ...complaints,
      relays.length > 0
        ? "The relays that were named cannot be reached from here."
        : silent.length === asked
        ? "No directory could be asked."
        : "No directory knows a relay like that. Ask for less: without --region or --min-score.",
    ];
  }
  const away =
    relays.filter(({ milliseconds }) => milliseconds === undefined).length;
  const tried =
    `${relays.length} ${
      relays.length === 1 ? "relay was" : "relays were"
    } tried from here` + (away > 0 ? `, ${away} did not answer` : "");
  return [
    ...complaints,
    `${tried}. The best ${chosen.length === 1 ? "one" : chosen.length}:`,
    "",
    ...table([
      ["", "time", "score", "region", "operator"],
      ...chosen.map(({ milliseconds, score, signed: { descriptor } }, at) => [
        String(at + 1),
        `${milliseconds} ms`,
        String(Math.round(score)),
        descriptor.region ?? "-",
        descriptor.family ?? "-",
      ]),
    ]),
    "",
    ...chosen.map(({ address }, at) => `  ${at + 1}  ${address}`),
    "",
    "Add them in the SimpleX app: Settings > Network & servers > Your servers >",
    "Add server.",
  ];
}

function complaintOf({ address, reason }: SilentDirectory): string {
  // A directory's words may be anything.
  const words = reason.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "").slice(0, 200);
  return `${address.hosts[0]} did not help: ${words}`;
}

function printCodes(
  chosen: readonly FoundRelay[],
  terminal: Terminal,
): void {
  chosen.forEach(({ address }, at) => {
    terminal.print("", `  ${at + 1}  ${address}`, "");
    printQr(address, terminal);
  });
}

function jsonOf({ relays, silent }: Found, chosen: readonly FoundRelay[]) {
  const told = (relay: FoundRelay) => ({
    fingerprint: relay.fingerprintText,
    address: relay.address,
    score: relay.score,
    directories: relay.named,
    milliseconds: relay.milliseconds,
    region: relay.signed.descriptor.region,
    family: relay.signed.descriptor.family,
    software: relay.signed.descriptor.software,
  });
  return {
    relays: chosen.map(told),
    others: relays.filter((each) => !chosen.includes(each)).map(told),
    silent: silent.map(({ address, reason }) => ({
      directory: address.hosts[0],
      reason,
    })),
  };
}

function roleOf(text: string | undefined): Role {
  if (text === undefined || text === "smp") return "smp";
  if (text === "xftp") return "xftp";
  throw new UsageError('--role takes "smp" (messages) or "xftp" (files).');
}

function numberOf(
  flag: string,
  text: string | undefined,
  { min, max }: { min: number; max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,3}$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`--${flag} takes a number from ${min} to ${max}.`);
}
