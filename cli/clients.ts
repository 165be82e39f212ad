import type { ClientAnswer } from "../relay/control/mod.ts";
import { askAndPrint, askFlags, table } from "./ask.ts";
import { command } from "./command.ts";
import { duration } from "./status.ts";

/** `porchlight clients`: who is connected, without saying who. */
export const clients = command({
  summary: "List the apps that are connected, without their addresses",
  help:
    `Lists the connections of apps and other relays: for how long, since when quiet,
the version of the protocol, and to how many queues they are subscribed. Nobody
can see who they are.`,
  flags: askFlags,
  async run(values, { terminal, env }) {
    await askAndPrint<{ clients: readonly ClientAnswer[] }>(
      { path: "/clients" },
      { values, env, terminal, describe: ({ clients }) => describe(clients) },
    );
    return 0;
  },
});

/** The list as an owner reads it. */
export function describe(clients: readonly ClientAnswer[]): string[] {
  if (clients.length === 0) return ["Nobody is connected."];
  return table([
    ["no.", "version", "queues", "notifications", "connected", "quiet"],
    ...clients.map((client) => [
      String(client.number),
      `${client.version}${client.service ? " (service)" : ""}`,
      String(client.subscriptions),
      String(client.notifications),
      duration(client.ageSeconds),
      duration(client.idleSeconds),
    ]),
  ]);
}
