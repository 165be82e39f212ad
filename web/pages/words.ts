/**
 * Numbers and states in words.
 *
 * @module
 */

import type { PartState } from "../../relay/control/mod.ts";
import type { RelayView } from "../relay_view.ts";

/** What parts of the relay are called here. */
const PARTS: Readonly<Record<string, string>> = {
  listener: "Connections",
  storage: "Storage",
  certificate: "Certificate",
  path: "The way to your relay",
  core: "The core",
  onion: "Tor",
  update: "Updates",
  files: "Files",
  relay: "The relay",
  backup: "Backups",
  web: "Certificate for browsers",
};

export function partName(name: string): string {
  return PARTS[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}

/** How it is, in one sentence. */
export function oneSentence(
  { state, overall, parts, reason, path, addresses }: RelayView,
): string {
  if (state === "stopped") return "Your relay is not running.";
  if (state === "unknown") return reason ?? "Your relay does not answer.";
  if (isStarting(parts)) return "Your relay is starting.";
  if (overall === "ok") {
    if (path?.confirmed) {
      return "Your relay works, and can be reached from everywhere.";
    }
    const atHome = addresses.length > 0 &&
      addresses.every(({ reach }) => reach === "home");
    return atHome
      ? "Your relay works in your own network."
      : "Your relay works.";
  }
  return overall === "degraded"
    ? "Your relay works, but something needs a look."
    : "A part of your relay does not work.";
}

/** Whether the relay has only begun to start. */
export function isStarting(parts: RelayView["parts"]): boolean {
  return parts.length === 1 && parts[0].name === "relay";
}

/** What the way by which the relay is reached means for its owner. */
export const PATH_MEANING: Readonly<Record<string, string>> = {
  direct6:
    "Apps connect straight to this box. Only those with IPv6 can, which most phones have.",
  direct4: "Apps connect straight to this box.",
  mapped:
    "Your router has opened a port, because the relay asked it to. Apps connect to your home's address, and the router passes them on.",
  manual: "Apps connect through the port that you have forwarded.",
  tunnel:
    "Apps connect to the core, which passes everything on to this box. It cannot read it, and does not see what is in it.",
  onion: "Apps connect through the Tor network, which hides where the box is.",
};

/** Meaning of the worst state for colours. */
export function tone(state: PartState): "good" | "warn" | "bad" {
  return state === "ok" ? "good" : state === "degraded" ? "warn" : "bad";
}

/** `1,234` */
export function count(number: number): string {
  return number.toLocaleString("en");
}

/** `1 message`, `2 messages` */
export function many(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

/** `1.4 GB` */
export function bytes(number: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = number < 1
    ? 0
    : Math.min(units.length - 1, Math.floor(Math.log2(number) / 10));
  const value = number / 1024 ** step;
  return `${
    value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)
  } ${units[step]}`;
}

/** `3 days`, `5 hours`: the largest unit. */
export function since(seconds: number): string {
  for (
    const [word, size] of [["day", 86_400], ["hour", 3600], [
      "minute",
      60,
    ]] as const
  ) {
    if (seconds >= size) return many(Math.floor(seconds / size), word);
  }
  return "less than a minute";
}
