/**
 * Asks the router by UPnP: finds it, reads what it can do, asks for a port.
 *
 * @module
 */

import { sameLink } from "../keeper_rules.ts";
import {
  type Mapping,
  MappingError,
  type MappingRequest,
  type PortMapper,
  type RouterLink,
} from "../mapping.ts";
import { fetchDescription } from "./description.ts";
import { EventWatch } from "./event_watch.ts";
import { familyOf } from "./local_network.ts";
import { FIREWALL_TYPE, openPinhole } from "./pinhole.ts";
import { findConnection, mapPort } from "./port_mapping.ts";
import { type Found, searchSsdp, type SearchTarget } from "./ssdp_search.ts";
import { watchSsdp } from "./ssdp_watch.ts";

/** Settings of the mapper. */
export interface UpnpOptions {
  /** Where routers are searched; default: the group, and the router itself. */
  readonly searchTargets?: (link: RouterLink) => readonly SearchTarget[];
}

/** Somebody who wants to hear the router of a link. */
interface Listener {
  readonly link: RouterLink;
  readonly watch: EventWatch;
}

interface Wish {
  readonly listeners: ReadonlySet<Listener>;
  readonly request: MappingRequest;
  readonly link: RouterLink;
  readonly signal: AbortSignal;
}

/** Descriptions that are read, at most. */
const MAX_TRIED = 4;

/** A mapper for UPnP Internet gateways, versions 1 and 2. */
export function upnpMapper(options: UpnpOptions = {}): PortMapper {
  const listeners = new Set<Listener>();
  return {
    method: "upnp",
    async map(request, { link, signal }) {
      const targets = options.searchTargets?.(link);
      let found: readonly Found[];
      try {
        found = await searchSsdp(link, { signal, targets });
      } catch (cause) {
        signal.throwIfAborted();
        throw new MappingError(
          "no network",
          `Cannot search for a router by UPnP on ${link.interfaceName}.`,
          { cause },
        );
      }
      return await mapWithFirst(found, { request, link, signal, listeners });
    },
    async listen({ link, onSign, signal }) {
      // A router beyond the first one is not on this network.
      if (link.sendFrom !== undefined) return;
      const watch = new EventWatch({ link, signal, onEvent: onSign });
      const listener = { link, watch };
      if (familyOf(link) === 4) listeners.add(listener);
      try {
        await watchSsdp({
          link,
          signal,
          onAlive: () => {
            watch.renew();
            onSign();
          },
        });
      } catch (error) {
        // No multicast here, or the port is taken: checks do without.
        if (!(error instanceof MappingError)) throw error;
        await aborted(signal);
      } finally {
        listeners.delete(listener);
        await watch.ended();
      }
    },
  };
}

/** Asks one device after the other, the router first. */
async function mapWithFirst(
  found: readonly Found[],
  wish: Wish,
): Promise<Mapping> {
  let firstError: MappingError | undefined;
  for (const { location } of found.slice(0, MAX_TRIED)) {
    try {
      return await mapWith(location, wish);
    } catch (error) {
      wish.signal.throwIfAborted();
      if (!(error instanceof MappingError)) throw error;
      firstError ??= error;
    }
  }
  throw firstError ?? new MappingError(
    "no answer",
    "No router answers UPnP. It may be switched off in the router's settings.",
  );
}

async function mapWith(location: URL, wish: Wish): Promise<Mapping> {
  const { request, link, signal } = wish;
  const { name, services } = await fetchDescription(location, {
    link,
    signal,
  });
  if (familyOf(link) === 6) {
    const service = services.find(({ type }) => type === FIREWALL_TYPE);
    if (service !== undefined) {
      return await openPinhole({ service, link, name }, { request, signal });
    }
  } else {
    const router = await findConnection(services, { link, name, signal });
    if (router !== undefined) {
      const mapping = await mapPort(router, { request, signal });
      const { events } = router.service;
      for (const listener of wish.listeners) {
        if (events && sameLink(listener.link, link)) {
          listener.watch.follow(events);
        }
      }
      return mapping;
    }
  }
  throw new MappingError(
    "refused",
    familyOf(link) === 6
      ? "The router cannot open its IPv6 firewall by UPnP."
      : "The device that answers UPnP is not connected to the Internet itself.",
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
