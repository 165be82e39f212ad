/**
 * How it stands with the core, in words for the relay's owner.
 *
 * @module
 */

import type { TunnelStatus } from "../tunnel/home/mod.ts";
import type { Lease, RefusalReason } from "../tunnel/protocol/mod.ts";
import type { PartStatus } from "./control/mod.ts";
import { TlsError, type TlsErrorKind } from "./transport/mod.ts";

/** What the words are about besides the links. */
export interface CoreSurroundings {
  /** What the core has given, now or at an earlier start. */
  readonly lease: Lease | undefined;
  /** Whether this machine has any network. */
  readonly connected: boolean;
  /** The leased port of the core leads nowhere, as seen from here. */
  readonly isBlocked: boolean;
}

/** How it is, and what to do. */
export function describeCore(
  { links, refusal, failure }: Pick<
    TunnelStatus,
    "links" | "refusal" | "failure"
  >,
  { lease, connected, isBlocked }: CoreSurroundings,
): PartStatus {
  const name = "core";
  if (links > 0) {
    const note = lease &&
      `The core knows this relay as ${lease.name}, port ${lease.port}.`;
    if (!isBlocked) return { name, state: "ok", note };
    return {
      name,
      state: "degraded",
      reason: `${note} But from here nothing gets through to that port.`,
      remedy:
        "If apps elsewhere do not get through either, tell the people who run the core: its ports for relays have to be open.",
    };
  }
  if (refusal !== undefined) {
    return {
      name,
      state: "degraded",
      reason: `The core does not take this relay. ${refusal.message}`,
      remedy: REMEDIES[refusal.reason],
    };
  }
  if (failure === undefined) {
    return { name, state: "ok", note: "Connecting to the core." };
  }
  const meaning = lease === undefined
    ? "The relay has no name yet and works in your own network."
    : "Until it can, apps may not find this relay by its name.";
  if (!connected) {
    return {
      name,
      state: "degraded",
      reason: `Without a network the core cannot be reached. ${meaning}`,
    };
  }
  if (failure instanceof TlsError && NOT_IT.has(failure.kind)) {
    return {
      name,
      state: "degraded",
      reason: `What answers at the core's address is not this core. ${meaning}`,
      remedy:
        "Compare the setting path.core with what the people who run the core hand out.",
    };
  }
  return {
    name,
    state: "degraded",
    reason:
      `The core cannot be reached. ${meaning} The relay tries again by itself.`,
    remedy:
      "Look whether this machine has Internet. If it has, ask the people who run the core whether it is up.",
  };
}

/** Somebody is there who is not the core: a Wi-Fi's login page, for one. */
const NOT_IT: ReadonlySet<TlsErrorKind> = new Set([
  "handshake",
  "not_tls",
  "alpn",
]);

const OR_WITHOUT =
  ", or leave path.core empty to do without one. Then restart the relay.";

const REMEDIES: Readonly<Record<RefusalReason, string | undefined>> = {
  closed: "Set path.core_invitation to the word that they give you" +
    OR_WITHOUT,
  full: "It is tried again later. Or take another core" + OR_WITHOUT,
  banned: "Ask the people who run the core, take another one" + OR_WITHOUT,
  "too often": "It is tried again later by itself.",
  replaced:
    "If this is the machine to keep, switch the other one off and restart this one. If not, stop this one.",
  protocol:
    "Install the latest version of Porchlight here. If it is, ask the " +
    "people who run the core to do so.",
};
