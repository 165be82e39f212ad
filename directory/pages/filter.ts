/**
 * Which relays are shown, as the address of the page says.
 *
 * @module
 */

import type { Role } from "../descriptor/mod.ts";
import { ROLES } from "../descriptor/mod.ts";
import type { RelayOverview } from "../directory.ts";
import { regionName } from "./world.ts";

/** What is looked for. */
export interface Filter {
  /** Part of an address, an operator, a region or a program. */
  readonly text: string;
  readonly role: Role | undefined;
  readonly region: string;
  readonly minScore: number;
  /** Only relays that strangers may use now. */
  readonly usable: boolean;
  readonly order: Order;
  /** From 1. */
  readonly page: number;
}

/** Orders of the list. */
export const ORDERS = ["score", "speed", "region"] as const;
/** What comes first. */
export type Order = typeof ORDERS[number];

/** Relays on one page. */
export const PAGE_SIZE = 40;
const MAX_TEXT = 80;

/** The filter that a query says; what it says wrongly does not count. */
export function readFilter(query: URLSearchParams): Filter {
  const text = (name: string) =>
    (query.get(name) ?? "").trim().slice(0, MAX_TEXT);
  const number = (name: string, max: number) => {
    const value = text(name);
    return /^\d{1,6}$/.test(value) ? Math.min(Number(value), max) : 0;
  };
  return {
    text: text("q"),
    role: ROLES.find((each) => each === query.get("role")),
    region: text("region"),
    minScore: number("min_score", 100),
    usable: query.get("usable") === "1",
    order: ORDERS.find((each) => each === query.get("order")) ?? "score",
    page: Math.max(1, number("page", 100_000)),
  };
}

/** The query of a filter, with some of it changed. */
export function queryOf(filter: Filter, change: Partial<Filter> = {}): string {
  const { text, role, region, minScore, usable, order, page } = {
    ...filter,
    ...change,
  };
  const query = new URLSearchParams();
  if (text !== "") query.set("q", text);
  if (role !== undefined) query.set("role", role);
  if (region !== "") query.set("region", region);
  if (minScore > 0) query.set("min_score", String(minScore));
  if (usable) query.set("usable", "1");
  if (order !== "score") query.set("order", order);
  if (page > 1) query.set("page", String(page));
  const search = query.toString();
  return search === "" ? "/" : `/?${search}`;
}

/** The relays that fit, in order. */
export function filtered(
  relays: readonly RelayOverview[],
  { text, role, region, minScore, usable, order }: Filter,
): RelayOverview[] {
  const words = text.toLowerCase().split(/\s+/).filter((each) => each !== "");
  const wanted = region.toLowerCase();
  return relays.filter((relay) =>
    (role === undefined || relay.roles.includes(role)) &&
    (wanted === "" || relay.region?.toLowerCase() === wanted) &&
    relay.score >= minScore &&
    (!usable || isUsable(relay)) &&
    (words.length === 0 || hasAll(relay, words))
  ).sort(COMPARE[order]);
}

/** Whether strangers may use it now. */
export function isUsable({ flags }: RelayOverview): boolean {
  return flags.includes("Open") && flags.includes("Running") &&
    !flags.includes("Full") && !flags.includes("Leaving");
}

/** All regions of these relays with their numbers, the most first. */
export function regionsOf(
  relays: readonly RelayOverview[],
): { readonly region: string; readonly count: number }[] {
  const counts = new Map<string, { region: string; count: number }>();
  for (const { region } of relays) {
    if (region === undefined || region === "") continue;
    const known = counts.get(region.toLowerCase());
    if (known === undefined) {
      counts.set(region.toLowerCase(), { region, count: 1 });
    } else known.count++;
  }
  return [...counts.values()].sort((a, b) =>
    b.count - a.count || (a.region < b.region ? -1 : 1)
  );
}

const COMPARE: Readonly<
  Record<Order, (a: RelayOverview, b: RelayOverview) => number>
> = {
  score: byScore,
  speed: (a, b) =>
    (a.milliseconds || Infinity) - (b.milliseconds || Infinity) ||
    byScore(a, b),
  region: (a, b) =>
    (a.region ?? "\uffff").localeCompare(b.region ?? "\uffff", "en") ||
    byScore(a, b),
};

function byScore(a: RelayOverview, b: RelayOverview): number {
  return b.score - a.score || (a.fingerprint < b.fingerprint ? -1 : 1);
}

function hasAll(relay: RelayOverview, words: readonly string[]): boolean {
  const { addresses, region = "", family = "", software } = relay;
  const text = [...addresses, region, regionName(region), family, software]
    .join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}
