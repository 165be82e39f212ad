/**
 * The end of a lease, now.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { mustRun } from "./command.ts";
import { inNamespace } from "./namespaces.ts";
import { forgetMappings, type RouterServices } from "./router.ts";
import { labTools } from "./tools.ts";

/** A port that no test maps. */
const PORT = "64999";

/** A router, and a machine on its inner side. */
export interface RouterAndGuest {
  /** The router's namespace. */
  readonly namespace: string;
  readonly services: RouterServices;
  /** The machine's namespace. */
  readonly guest: string;
  readonly guestAddress: string;
  readonly routerAddress: string;
}

/**
 * Makes a router forget all mappings without a word to anybody.
 *
 * Its daemon reads the kernel's rules only after it changed one itself, so it is
 * asked for a mapping, which is taken back.
 */
export async function lapse(at: RouterAndGuest): Promise<void> {
  await forgetMappings(at);
  const { upnp, natPmp, pcp } = at.services;
  if (!upnp && !natPmp && !pcp) return;
  const { upnpc, env } = await labTools();
  const { guestAddress, routerAddress } = at;
  const ask = (seconds: string) => [
    ...[Deno.execPath(), "run", "-A", program("ask_router.ts")],
    ...[natPmp ? "nat-pmp" : "pcp", routerAddress, guestAddress],
    ...[PORT, seconds === "0" && natPmp ? "0" : PORT, seconds],
  ];
  const url = `http://${routerAddress}:5000/rootDesc.xml`;
  const commands = upnp
    ? [
      [upnpc, "-u", url, "-a", guestAddress, PORT, PORT, "TCP", "600"],
      [upnpc, "-u", url, "-d", PORT, "TCP"],
    ]
    : [ask("600"), ask("0")];
  for (const command of commands) {
    await mustRun(inNamespace(at.guest, command), { env });
  }
}

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
