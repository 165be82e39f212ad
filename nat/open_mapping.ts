/**
 * One port opened to the outside, by whichever protocol a router answers, and
 * through the router behind the router where there is one.
 *
 * @module
 */

import { ChainedMapping } from "./chained_mapping.ts";
import { addressFamily, addressKind, isPublic, sameAddress } from "./ip.ts";
import {
  type Mapping,
  MappingError,
  type MappingFailure,
  type MappingMethod,
  type MappingRequest,
  type PortMapper,
  type RouterLink,
} from "./mapping.ts";
import { pause } from "./network.ts";
import { guessNextRouters } from "./next_router.ts";

/** What stands between a mapping and the world. */
export type Behind =
  /** Another router (double NAT). */
  | "nat"
  /** The carrier's: one address for many customers (CGNAT). */
  | "cgnat";

/** Why one way of asking one router gave nothing. */
export interface MappingTrouble {
  readonly method: MappingMethod;
  /** The router asked. */
  readonly gateway: string;
  readonly failure: MappingFailure;
  /** Result or error code of the protocol. */
  readonly code: number | undefined;
  readonly message: string;
}

/** What asking gave. */
export interface OpenedMapping {
  readonly mapping: Mapping | undefined;
  /** The router that granted it. */
  readonly link: RouterLink | undefined;
  /** `undefined`: nothing that is known of. */
  readonly behind: Behind | undefined;
  /** One for each protocol and router that gave nothing. */
  readonly failures: readonly MappingTrouble[];
}

/** How long the first protocol may answer before the others are tried, ms. */
const HEAD_START = 250;
/** How long a public address is still hoped for when another was granted, ms. */
const HOPE = 400;
/** How long routers behind the router are looked for, ms. */
const BEYOND = 1500;
/** Routers in a row that are asked. */
const MAX_ROUTERS = 3;
/** How long taking back a mapping may last, ms. */
const REMOVAL = 2000;

/**
 * Asks the routers of `links`, best first, with all `mappers` at the same time;
 * the first of them has a short head start. The first mapping with a public
 * address wins, and what else was granted is taken back. A router that has no
 * public address itself is used to ask the next one. Never throws; when `signal`
 * ends, what was had by then is returned.
 */
export async function openMapping(
  options: {
    readonly request: MappingRequest;
    readonly links: readonly RouterLink[];
    readonly mappers: readonly PortMapper[];
    readonly signal: AbortSignal;
  },
): Promise<OpenedMapping> {
  const { request, links, mappers, signal } = options;
  const failures: MappingTrouble[] = [];
  let best: { mapping: Mapping; link: RouterLink } | undefined;
  for (const link of links) {
    if (signal.aborted) break;
    const found = await openThrough({
      request,
      link,
      mappers,
      signal,
      failures,
    });
    if (found === undefined) continue;
    if (best === undefined) {
      best = { mapping: found, link };
    } else if (isPublic(found.externalAddress)) {
      await takeBack(best.mapping);
      best = { mapping: found, link };
    } else {
      await takeBack(found);
    }
    if (isPublic(found.externalAddress)) break;
  }
  return {
    mapping: best?.mapping,
    link: best?.link,
    behind: best === undefined
      ? failures.some(({ failure }) => failure === "no public address")
        ? "nat"
        : undefined
      : whatIsBehind(best.mapping),
    failures,
  };
}

/** What the address that a mapping has outside says. */
export function whatIsBehind(mapping: Mapping): Behind | undefined {
  const kind = addressKind(mapping.externalAddress);
  return kind === "public" ? undefined : kind === "cgnat" ? "cgnat" : "nat";
}

/** Takes a mapping back, in bounded time; a router that does not is left. */
export async function takeBack(
  mapping: Mapping,
  milliseconds: number = REMOVAL,
): Promise<void> {
  try {
    await mapping.remove(AbortSignal.timeout(milliseconds));
  } catch {
    // It lapses by itself.
  }
}

/** What a search for one mapping shares. */
interface Search {
  readonly request: MappingRequest;
  readonly mappers: readonly PortMapper[];
  readonly signal: AbortSignal;
  readonly failures: MappingTrouble[];
}

/** Through one router, and those behind it. */
async function openThrough(
  search: Search & { readonly link: RouterLink },
): Promise<Mapping | undefined> {
  const { link, request, signal } = search;
  let mapping = await race({ ...search, links: [link] });
  for (let routers = 1; mapping !== undefined; routers++) {
    if (
      mapping.family === 6 || isPublic(mapping.externalAddress) ||
      routers === MAX_ROUTERS || signal.aborted
    ) break;
    const inner: Mapping = mapping;
    const reach = (to: Mapping): Search & { links: RouterLink[] } => ({
      ...search,
      request: { ...request, internalPort: to.externalPort },
      links: guessNextRouters(to.externalAddress)
        .filter((gateway) => !sameAddress(gateway, link.gateway))
        .map((gateway) => ({
          gateway,
          localAddress: to.externalAddress,
          sendFrom: link.sendFrom ?? link.localAddress,
          interfaceName: link.interfaceName,
        })),
    });
    const guesses: MappingTrouble[] = [];
    const outer = await race({
      ...reach(inner),
      failures: guesses,
      signal: AbortSignal.any([signal, AbortSignal.timeout(BEYOND)]),
    });
    if (outer === undefined) {
      // Silence at a guessed address says nothing to anybody.
      search.failures.push(...guesses.filter(isFromRouter));
      break;
    }
    mapping = new ChainedMapping(inner, outer, {
      async reopen(changed, reopenSignal) {
        const again = await race({
          ...reach(changed),
          failures: [],
          signal: AbortSignal.any([reopenSignal, AbortSignal.timeout(BEYOND)]),
        });
        if (again !== undefined) return again;
        throw new MappingError(
          "no answer",
          "The router behind the router does not answer",
        );
      },
    });
  }
  return mapping;
}

/** All routers and protocols at once: one mapping, or none. */
async function race(
  search: Search & { readonly links: readonly RouterLink[] },
): Promise<Mapping | undefined> {
  const { links, mappers, request, signal, failures } = search;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const attempts = links.flatMap((link) => {
    const firstFailed = new AbortController();
    const fit = mappers.filter(({ method }) =>
      method !== "nat-pmp" || addressFamily(link.gateway) === 4
    );
    return fit.map(async (mapper, place) => {
      try {
        if (place > 0) {
          await pause(
            HEAD_START,
            AbortSignal.any([until, firstFailed.signal]),
          );
          until.throwIfAborted();
        }
        return await mapper.map(request, { link, signal: until });
      } catch (error) {
        if (place === 0) firstFailed.abort();
        if (!over.signal.aborted) {
          failures.push(describeTrouble(error, { mapper, link }));
        }
        return undefined;
      }
    });
  });
  const winner = await firstUseful(attempts);
  over.abort();
  if (winner === undefined) return undefined;
  return await removeOthers(attempts, winner);
}

/** The first public mapping; another one when that is all there is. */
async function firstUseful(
  attempts: readonly Promise<Mapping | undefined>[],
): Promise<Mapping | undefined> {
  let best: Mapping | undefined;
  let stopHoping: ReturnType<typeof setTimeout> | undefined;
  const found = await new Promise<Mapping | undefined>((resolve) => {
    for (const attempt of attempts) {
      attempt.then((mapping) => {
        if (mapping === undefined) return;
        if (isPublic(mapping.externalAddress)) resolve(mapping);
        best ??= mapping;
        stopHoping ??= setTimeout(() => resolve(best), HOPE);
      });
    }
    Promise.all(attempts).then(() => resolve(best));
  });
  clearTimeout(stopHoping);
  return found;
}

/**
 * Takes back what else was granted. Where that was the same entry in the
 * router's table by another protocol, the winner is gone too and is granted
 * again.
 */
async function removeOthers(
  attempts: readonly Promise<Mapping | undefined>[],
  winner: Mapping,
): Promise<Mapping> {
  const others = (await Promise.all(attempts))
    .filter((mapping) => mapping !== undefined)
    .filter((mapping) => mapping !== winner);
  if (others.length === 0) return winner;
  await Promise.all(others.map((other) => takeBack(other)));
  try {
    return await winner.renew(AbortSignal.timeout(REMOVAL));
  } catch {
    // Found out by the next check, and mapped anew then.
    return winner;
  }
}

function isFromRouter({ failure }: MappingTrouble): boolean {
  return failure !== "no answer" && failure !== "no network";
}

function describeTrouble(
  error: unknown,
  of: { readonly mapper: PortMapper; readonly link: RouterLink },
): MappingTrouble {
  const at = { method: of.mapper.method, gateway: of.link.gateway };
  if (error instanceof MappingError) {
    const { failure, code, message } = error;
    return { ...at, failure, code, message };
  }
  // The search ended (its time was over) before the router answered.
  const ended = error instanceof DOMException;
  return {
    ...at,
    failure: ended ? "no answer" : "bad answer",
    code: undefined,
    message: error instanceof Error ? error.message : String(error),
  };
}
