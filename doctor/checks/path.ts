import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import { type PathView, readPath, type Way } from "../path_answer.ts";

/** How the world reaches the relay: what routers grant, what is seen from outside. */
export const path: Check = {
  name: "path",
  group: "The way to it",
  run({ relay, config }) {
    if (relay.state !== "running") {
      return [skipped("The running relay finds out how it is reached.")];
    }
    const view = readPath(relay.path);
    if (view === undefined) {
      return [skipped(
        "The running relay does not say how it is reached.",
        "If it was updated, restart it.",
      )];
    }
    return [verdictOf(view, { hasOwnHosts: config.address.hosts.length > 0 })];
  },
};

function verdictOf(
  view: PathView,
  { hasOwnHosts }: { hasOwnHosts: boolean },
): Verdict {
  const { state, words, remedy, places } = view;
  if (state === "ok") {
    if (places.some(({ confirmed }) => confirmed)) return ok(words);
    if (places.length > 0 || hasOwnHosts) return warning(words, { remedy });
    return { ...skipped(words), remedy };
  }
  const rest = { meaning: tried(view.ways), remedy };
  // Some come through, or the owner has ways that the relay knows nothing of.
  return places.length > 0 || hasOwnHosts
    ? warning(words, rest)
    : problem(words, rest);
}

function tried(ways: readonly Way[]): string | undefined {
  const told = ways.flatMap((way) => {
    const name = nameOf(way);
    const state = stateOf(way);
    return name === undefined || state === undefined
      ? []
      : [`${name}: ${state}`];
  });
  // Of a single way the words have said it all.
  return told.length < 2 ? undefined : `Tried: ${told.join("; ")}.`;
}

const METHODS: Readonly<Record<string, string>> = {
  "pcp": "PCP",
  "nat-pmp": "NAT-PMP",
  "upnp": "UPnP",
};

function nameOf({ kind, method = "", router }: Way): string | undefined {
  switch (kind) {
    case "direct6":
      return "IPv6";
    case "direct4":
      return "this machine's own IPv4 address";
    case "mapped": {
      const by = [METHODS[method], router].filter(Boolean).join(", ");
      return `the router's help${by === "" ? "" : ` (${by})`}`;
    }
    case "manual":
      return "a port forwarded by hand";
    case "tunnel":
      return "the core's tunnel";
    default:
      return undefined;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  "no answer": "no router answers",
  "refused": "the connection from outside is refused",
  "router refused": "the router does not allow it",
  "no public address": "the router has no public address",
  "no resources": "the router has no port left",
  "bad answer": "the router answers nonsense",
  "no network": "no network",
  "timeout": "nothing comes through from outside",
  "unreachable": "there is no way from outside",
  "closed": "closed at once",
  "not TLS": "another program answers",
  "wrong fingerprint": "another relay answers",
  "behind another router": "another router stands in front",
  "behind the carrier": "the provider shares the address (CGNAT)",
};

function stateOf({ state, reason = "" }: Way): string | undefined {
  switch (state) {
    case "confirmed":
      return "works";
    case "unconfirmed":
      return "may work, unchecked";
    case "trying":
      return "being tried";
    case "failed":
      return REASONS[reason] ?? "does not work";
    default:
      return undefined;
  }
}
