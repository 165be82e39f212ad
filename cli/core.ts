import type { Config, Environment } from "../config/mod.ts";
import {
  type BanAnswer,
  type Core,
  coreHandlers,
  delegationOf,
  parentRecords,
  type RelaysAnswer,
  startCore,
} from "../core/mod.ts";
import { serveControl } from "../relay/control/mod.ts";
import { createLog } from "../relay/log.ts";
import { askAndPrint, askFlags, table } from "./ask.ts";
import { command } from "./command.ts";
import { UsageError } from "./flags.ts";
import { initialise } from "./settings.ts";
import { isJournal, stopSignal, untilStopped } from "./start.ts";
import { printStatus } from "./status.ts";
import { survive } from "./survive.ts";
import { systemdNotifier } from "./systemd.ts";
import type { Terminal } from "./terminal.ts";

const flags = {
  domain: {
    doc: "The domain of the relays' names.",
    value: "DOMAIN",
  },
  ...askFlags,
} as const;

/** `porchlight core`: the public server of a community. */
export const core = command({
  summary: "Run a core: names, ports and a way in for a community's relays",
  takes: "[status|relays|ban LABEL|unban LABEL]",
  help:
    `On a public server, gives home relays a name and a port that stay the same for
good, and passes apps through to those that no router lets in. docs/core.md
says how to set one up. It runs until Ctrl-C or SIGTERM.

  porchlight core --domain relays.example.org
  porchlight core status         how it is
  porchlight core relays         who has a lease here
  porchlight core ban LABEL      shut a relay out; its lease stays
  porchlight core unban LABEL    let it in again`,
  flags,
  async run(values, { terminal, env }, words) {
    const { domain } = values;
    const given = {
      ...values,
      set: domain === undefined
        ? values.set
        : [...values.set, `core.domain=${domain}`],
    };
    const [word, label, more] = words;
    const asked = { values: given, env, terminal };
    const single = label === undefined;
    if (word === undefined) return await runCore(given, { terminal, env });
    if (word === "status" && single) {
      return await printStatus(given, { terminal, env });
    }
    if (word === "relays" && single) {
      await askAndPrint<RelaysAnswer>({ path: "/core/relays" }, {
        ...asked,
        describe: describeRelays,
      });
      return 0;
    }
    const bans = word === "ban" || word === "unban";
    if (bans && !single && more === undefined) {
      await askAndPrint<BanAnswer>(
        { path: `/core/${word}`, body: { label } },
        { ...asked, describe: describeBan },
      );
      return 0;
    }
    throw new UsageError(
      "Say nothing more to run the core, or: porchlight core " +
        "status|relays|ban LABEL|unban LABEL",
    );
  },
});

async function runCore(
  values: Parameters<typeof initialise>[0],
  { terminal, env }: { terminal: Terminal; env: Environment },
): Promise<number> {
  const { config } = await initialise(values, env);
  const journal = isJournal(env);
  const log = createLog({ level: config.log.level, journal });
  const systemd = systemdNotifier(env);
  using stopping = stopSignal();
  const { signal } = stopping;
  const answers: { core?: Core } = {};
  await using _control = await serveControl({
    path: config.control.socket,
    handlers: coreHandlers(() => answers.core),
    onError: (error) => log.error("A control command failed", error),
  });
  using _survivor = survive(log);
  const running = await startCore({ config, log });
  if (!signal.aborted) {
    answers.core = running;
    systemd.notify("READY=1");
    if (journal) log.info(`Running. Its address: ${running.address}`);
    else {
      terminal.print(...describeCore(running, config));
      const warning = await delegationWarning(running);
      if (warning !== undefined) terminal.print("", warning);
      if (terminal.isTerminal) terminal.print("", "Stop it with Ctrl-C.");
    }
    await untilStopped(signal, systemd);
  }
  systemd.notify("STOPPING=1");
  if (terminal.isTerminal) terminal.print("Stopping.");
  await running.stop();
  return 0;
}

/** What the operator hands out, and has to set up. */
export function describeCore(
  core: Pick<
    Core,
    "address" | "domain" | "ports" | "dnsPort" | "nameServers" | "addresses"
  >,
  { core: settings }: Config,
): string[] {
  const { firstRelayPort, lastRelayPort } = settings;
  const dns = core.dnsPort === undefined ? [] : [
    "",
    `Where the domain above ${core.domain} is kept, these records are needed:`,
    ...parentRecords(core).map((line) => `  ${line}`),
  ];
  return [
    "",
    `Porchlight is running: a core for relays below ${core.domain}.`,
    "",
    "Its address, for the owners of relays (their setting path.core):",
    `  ${core.address}`,
    ...dns,
    "",
    "The firewall has to let in:",
    ...table([
      ...(core.dnsPort === undefined
        ? []
        : [[`${core.dnsPort}`, "UDP and TCP", "names"]]),
      [core.ports.join(", "), "TCP", "relays that dial in"],
      [`${firstRelayPort}-${lastRelayPort}`, "TCP", "apps"],
    ]),
  ];
}

async function delegationWarning(core: Core): Promise<string | undefined> {
  if (core.dnsPort === undefined) return undefined;
  const delegation = await delegationOf(core.domain, core.addresses);
  return delegation === "elsewhere"
    ? `${core.domain} does not lead here yet. Until it does, nobody finds the relays. New records can take an hour; ask again with: porchlight core status`
    : undefined;
}

const STANDINGS = { new: "new", known: "known", banned: "shut out" } as const;

/** The list as an operator reads it. */
export function describeRelays({ relays }: RelaysAnswer): string[] {
  if (relays.length === 0) return ["No relay has a lease here yet."];
  return table([
    ["label", "port", "standing", "since", "last here", "now"],
    ...relays.map(({ label, port, standing, since, seen, links, name }) => [
      label,
      String(port),
      STANDINGS[standing],
      since,
      seen,
      name === "home" ? "at home" : links > 0 ? "through here" : "away",
    ]),
  ]);
}

function describeBan({ label, banned }: BanAnswer): string[] {
  return [
    banned
      ? `${label} is shut out. Its name and port stay reserved for it.`
      : `${label} may come back. It tries again within the hour.`,
  ];
}
