/**
 * The questions that a running core answers its operator.
 *
 * @module
 */

import {
  type ControlHandlers,
  type PartStatus,
  Refusal,
  type RelayStatus,
  worstState,
} from "../relay/control/mod.ts";
import { VERSION } from "../relay/version.ts";
import type { Core } from "./core.ts";
import { delegationOf, parentRecords } from "./delegation.ts";

/** A relay as its core's operator sees it. */
export interface RelayAnswer {
  readonly label: string;
  readonly port: number;
  readonly standing: "new" | "known" | "banned";
  /** Day of its lease and last day that it was there: `2026-11-20`. */
  readonly since: string;
  readonly seen: string;
  /** Links that are up. */
  readonly links: number;
  /** Where its name points. */
  readonly name: "home" | "core";
}

/** Answer to `GET /core/relays`. */
export interface RelaysAnswer {
  readonly relays: readonly RelayAnswer[];
}

/** Answer to `POST /core/ban` and `/core/unban`. */
export interface BanAnswer {
  readonly label: string;
  readonly banned: boolean;
}

/** Handlers that ask `core`, which is `undefined` until it runs. */
export function coreHandlers(
  core: () => Core | undefined,
  since: number = performance.now(),
): ControlHandlers {
  const running = () => {
    const it = core();
    if (it !== undefined) return it;
    throw new Refusal(
      "starting",
      "The core is starting. Ask again in a moment.",
    );
  };
  const ban = (body: unknown, banned: boolean): BanAnswer => {
    const label = labelIn(body);
    if (!running().ban(label, banned)) {
      throw new Refusal("not found", `No relay here is called "${label}".`);
    }
    return { label, banned };
  };
  return {
    "GET /status": () => statusOf(core(), since),
    "GET /core/relays": (): RelaysAnswer => ({ relays: running().relays() }),
    "POST /core/ban": (body) => ban(body, true),
    "POST /core/unban": (body) => ban(body, false),
  };
}

function labelIn(body: unknown): string {
  const label = typeof body === "object" && body !== null && "label" in body
    ? body.label
    : undefined;
  if (typeof label === "string" && /^[a-z\d-]{1,63}$/i.test(label)) {
    return label.toLowerCase();
  }
  throw new Refusal(
    "bad request",
    "That is not a relay's label: the first word of its name, as " +
      '"porchlight core relays" lists them.',
  );
}

async function statusOf(
  core: Core | undefined,
  since: number,
): Promise<RelayStatus> {
  const parts: PartStatus[] = core === undefined
    ? [{ name: "core", state: "down", reason: "It is starting." }]
    : [await namesPart(core), relaysPart(core)];
  return {
    version: VERSION,
    state: worstState(parts),
    uptimeSeconds: Math.floor((performance.now() - since) / 1000),
    parts,
    counts: core?.counts() ?? {},
  };
}

async function namesPart(core: Core): Promise<PartStatus> {
  const { domain, addresses } = core;
  if (core.dnsPort === undefined) {
    return {
      name: "names",
      state: "ok",
      note: "This core answers no DNS: core.dns_port is 0.",
    };
  }
  const delegation = await delegationOf(domain, addresses);
  switch (delegation) {
    case "here":
      return { name: "names", state: "ok", note: `${domain} leads here.` };
    case "unknown":
      return {
        name: "names",
        state: "ok",
        note: `Whether ${domain} leads here cannot be seen from here.`,
      };
    case "elsewhere":
      return {
        name: "names",
        state: "degraded",
        reason: `${domain} does not lead to this machine.`,
        remedy: `Where the domain above is kept, these records are needed: ${
          parentRecords(core).map((each) => each.replace(/ +/g, " ")).join("; ")
        }. Port 53 must be open for UDP and TCP.`,
      };
  }
}

function relaysPart(core: Core): PartStatus {
  const { closedPorts } = core.counts();
  if (closedPorts > 0) {
    return {
      name: "relays",
      state: "degraded",
      reason: `${closedPorts} ports of relays could not be opened.`,
      remedy:
        "Another program uses them, or this one may open too few files. The log names them; stop the other program, or raise LimitNOFILE, and start again.",
    };
  }
  return { name: "relays", state: "ok" };
}
