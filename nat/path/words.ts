/**
 * How the relay is reached, in words for its owner: what is, and what to do.
 *
 * @module
 */

import { chosen } from "./choose.ts";
import type { Candidate, PathReason, PathState } from "./state.ts";

/** What the words are about besides the state. */
export interface PathSurroundings {
  /** Hosts that the owner has set: those are told, whatever is found. */
  readonly ownHosts: readonly string[];
  /** This machine in the network of its router. */
  readonly localAddress: string | undefined;
}

/** What the owner reads. */
export interface PathWords {
  readonly state: "ok" | "degraded";
  /** How the relay is reached, or why not. */
  readonly line: string;
  /** What the owner can do about it. */
  readonly remedy?: string;
}

/** `undefined`: nothing is known, and the owner does not want it to be. */
export function describePath(
  state: PathState,
  at: number,
  around: PathSurroundings,
): PathWords | undefined {
  const { v4, v6 } = chosen(state, at);
  if (v4 !== undefined) return reached(v4, { other: v6, state, at, around });
  const trouble = troubleOf(state, around);
  if (v6 !== undefined) {
    const { line, remedy } = reached(v6, { state, at, around });
    if (trouble === undefined) return { state: "ok", line, remedy };
    return {
      state: "degraded",
      line: `${line} Most apps need IPv4: ${uncapital(trouble.line)}`,
      remedy: trouble.remedy,
    };
  }
  if (!state.connected) {
    return {
      state: "degraded",
      line: "This machine is not connected to the Internet: it has no router.",
      remedy: "Look at the cable or the Wi-Fi.",
    };
  }
  if (isLooking(state)) {
    return {
      state: "ok",
      line: "The relay is finding out how the Internet can reach it.",
    };
  }
  if (around.ownHosts.length > 0 && !state.settings.callbacks) {
    const place = around.ownHosts.join(", ");
    return { state: "ok", line: `At ${place}, as you set it. ${NOT_CHECKED}` };
  }
  return trouble && { state: "degraded", ...trouble };
}

const NOT_CHECKED = "Nobody has checked it from outside.";

const CHECK_IT =
  'Try it with "porchlight probe" on a machine elsewhere, or set ' +
  "path.callback_servers to another Porchlight that checks it for you.";

function reached(
  best: Candidate,
  { other, state, at, around }: {
    other?: Candidate;
    state: PathState;
    at: number;
    around: PathSurroundings;
  },
): PathWords {
  const places = [best, ...other?.state === "confirmed" ? [other] : []]
    .map(placeOf).join(" and ");
  const { lease } = state;
  const told = lease === undefined ? around.ownHosts.join(", ") : lease.name;
  const as = told === "" || told === best.host ? "" : ` (told as ${told})`;
  const way = wayOf(best);
  if (best.state === "confirmed") {
    const { checkedAt = at } = best;
    return {
      state: "ok",
      line: `Reachable from the Internet at ${places}${as}${way}, checked ` +
        `${ago(at - checkedAt)} from outside.`,
    };
  }
  if (best.state === "trying") {
    return {
      state: "ok",
      line: `Reached at ${places}${as} until now; the router has changed ` +
        "something, and it is being checked.",
    };
  }
  return {
    state: "ok",
    line: best.reason === "no answerer"
      ? `Probably reachable from the Internet at ${places}${as}${way}. ` +
        "Those who should check it do not answer."
      : `Probably reachable from the Internet at ${places}${as}${way}. ` +
        NOT_CHECKED,
    remedy: best.reason === "no answerer" ? undefined : CHECK_IT,
  };
}

function placeOf({ host = "", port }: Candidate): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const METHODS = { pcp: "PCP", "nat-pmp": "NAT-PMP", upnp: "UPnP" } as const;

function wayOf({ kind, method, router }: Candidate): string {
  const how = method === undefined ? "" : ` (${METHODS[method]})`;
  const name = router === undefined ? "" : `, ${printable(router)}`;
  switch (kind) {
    case "mapped":
      return `, through your router${name}${how}`;
    case "manual":
      return ", through the port that you forwarded in your router";
    case "direct6":
      return method === undefined ? "" : `, let in by your router${how}`;
    case "tunnel":
      return ", through the core";
    default:
      return "";
  }
}

function isLooking({ candidates, settings }: PathState): boolean {
  const all = Object.values(candidates).filter(({ kind }) => kind !== "onion");
  if (all.length === 0) return settings.mapping || settings.callbacks;
  return all.some((each) => each.state === "trying");
}

/** Why IPv4 does not work. */
function troubleOf(
  { candidates, settings }: PathState,
  { localAddress }: PathSurroundings,
): Pick<PathWords, "line" | "remedy"> | undefined {
  const { mapped, manual, direct4 } = candidates;
  const failed = [direct4, mapped, manual].find((each) =>
    each?.state === "failed"
  );
  if (failed === undefined) return undefined;
  const { reason, port } = failed;
  const to = localAddress ?? "this machine";
  const forward = `forward TCP port ${settings.manualPort} there to ${to}, ` +
    `port ${settings.port}`;
  // Without a call-back there is no way to see what the owner has done.
  const done = settings.callbacks
    ? ""
    : " If that is done, set address.hosts to your name or public address.";
  if (failed === direct4) {
    return {
      line: `Nobody gets through to port ${port} of this machine from ` +
        `outside: ${saw(reason)}.`,
      remedy: "Open the port in the firewall of this machine, or of its " +
        "provider.",
    };
  }
  if (failed.behind === "cgnat" || reason === "behind the carrier") {
    return {
      line: "Your Internet provider shares one address among many customers " +
        "(CGNAT), so that nobody gets through from outside.",
      remedy: "Ask your provider for a public IPv4 address of your own, or " +
        "use a core: its tunnel works everywhere.",
    };
  }
  if (reason === "no public address" && failed.host === undefined) {
    return {
      line: "Your router has no public address itself: another router, or " +
        "your provider (CGNAT), is in between and lets nobody through.",
      remedy: "If there is another router, forward TCP port " +
        `${settings.manualPort} in it to yours, and in yours to ${to}, port ` +
        `${settings.port}. If not, ask your provider for a public IPv4 ` +
        "address of your own, or use a core: its tunnel works everywhere.",
    };
  }
  if (failed.behind === "nat" || reason === "behind another router") {
    return {
      line: "There is another router between yours and the Internet, and it " +
        "lets nobody through.",
      remedy:
        `In that other router, forward TCP port ${port || settings.port} ` +
        "to your router, or set it to bridge mode.",
    };
  }
  switch (reason) {
    case "no answer":
    case "bad answer":
    case "no network":
      return {
        line: "Your router opens no port by itself: it does not answer UPnP, " +
          "NAT-PMP or PCP.",
        remedy: `Switch UPnP on in your router, or ${forward}.${done}`,
      };
    case "router refused":
    case "no resources":
      return {
        line: reason === "no resources"
          ? "Your router has no port left to open."
          : "Your router refuses to open a port.",
        remedy:
          `Allow it in your router's settings (UPnP), or ${forward}.${done}`,
      };
  }
  if (failed === manual) {
    return {
      line: `Nobody gets through to port ${port} from outside: ` +
        `${saw(reason)}.`,
      remedy: `In your router, ${forward}.`,
    };
  }
  const isTaken = reason === "wrong fingerprint" || reason === "not TLS";
  return {
    line: `Your router has opened port ${port}, but nobody gets through from ` +
      `outside: ${saw(reason)}.`,
    remedy: isTaken
      ? "Something else has this port in your router, or in front of it: " +
        "choose another one with path.external_port."
      : "There may be another router or your provider in between (CGNAT). " +
        "Ask your provider for a public IPv4 address of your own, or use a " +
        "core: its tunnel works everywhere.",
  };
}

/** What a call-back saw. */
function saw(reason: PathReason | undefined): string {
  switch (reason) {
    case "refused":
      return "the connection was refused";
    case "timeout":
      return "no answer came back";
    case "unreachable":
      return "there is no way to the address";
    case "closed":
      return "the connection was closed at once";
    case "not TLS":
      return "another program answers there";
    case "wrong fingerprint":
      return "another relay answers there";
    default:
      return "it does not work";
  }
}

/** Times are told as people do. */
function ago(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? "" : "s"} ago`;
  const hours = Math.floor(minutes / 60);
  return `${hours} hour${hours === 1 ? "" : "s"} ago`;
}

/** A router's name is what it says itself: no control characters, not long. */
function printable(name: string): string {
  return name.replaceAll(/\p{C}/gu, "").slice(0, 40);
}

function uncapital(sentence: string): string {
  return sentence[0].toLowerCase() + sentence.slice(1);
}
