/**
 * IPv4 port forwards by WANIPConnection:1 and :2 and WANPPPConnection:1
 * (UPnP Forum, Internet Gateway Device 1 and 2; RFC 6970).
 *
 * @module
 */

import { type Mapping, MappingError, type MappingRequest } from "../mapping.ts";
import type { Service } from "./description.ts";
import { explainFault } from "./faults.ts";
import { ask, type RouterService } from "./router.ts";
import { isUnknownAction, SoapFault, type SoapResult } from "./soap.ts";

const CONNECTION_TYPES: readonly string[] = [
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
];
/** As it stands in the router's list of port forwards. */
const DESCRIPTION = "Porchlight";
/** Connections of one router that are looked at. */
const MAX_CONNECTIONS = 6;
/** Other outside ports that are tried when one is taken. */
const OTHER_PORTS = 4;

/** An outside port, and for how long: 0 until it is removed. */
interface Grant {
  readonly port: number;
  readonly lease: number;
}

/**
 * Chooses the service that leads to the Internet: of several the one that is
 * connected.
 */
export async function findConnection(
  services: readonly Service[],
  options: Omit<RouterService, "service"> & { readonly signal: AbortSignal },
): Promise<RouterService | undefined> {
  const { link, name, signal } = options;
  const byControl = new Map<string, Service>();
  for (const type of CONNECTION_TYPES) {
    for (const service of services) {
      if (service.type !== type || byControl.has(service.control.href)) {
        continue;
      }
      byControl.set(service.control.href, service);
    }
  }
  const connections = [...byControl.values()].slice(0, MAX_CONNECTIONS)
    .map((service): RouterService => ({ service, link, name }));
  if (connections.length <= 1) return connections[0];
  const connected = await Promise.all(connections.map(async (one) => {
    try {
      const status = await ask(one, "GetStatusInfo", { signal });
      return status.get("NewConnectionStatus") === "Connected";
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SoapFault || error instanceof MappingError) {
        return false;
      }
      throw error;
    }
  }));
  return connections.find((_, index) => connected[index]) ?? connections[0];
}

/**
 * Forwards a port.
 *
 * @throws {MappingError} when the router does not
 */
export async function mapPort(
  router: RouterService,
  options: {
    readonly request: MappingRequest;
    readonly signal: AbortSignal;
  },
): Promise<Mapping> {
  const { request, signal } = options;
  try {
    const externalAddress = await askExternalAddress(router, signal);
    const grant = await addMapping(router, { request, signal });
    return describeMapping(router, { request, externalAddress, grant });
  } catch (error) {
    throw explainFault(error, "port mapping");
  }
}

async function askExternalAddress(
  router: RouterService,
  signal: AbortSignal,
): Promise<string> {
  const answer = await ask(router, "GetExternalIPAddress", { signal });
  const address = answer.get("NewExternalIPAddress") ?? "";
  if (address === "" || address === "0.0.0.0") {
    throw new MappingError(
      "no public address",
      "The router has no address outside: it is not connected to the " +
        "Internet, or does not know how.",
    );
  }
  const parts = address.split(".");
  if (
    parts.length !== 4 ||
    parts.some((part) => !/^[0-9]{1,3}$/.test(part) || Number(part) > 255)
  ) {
    throw new MappingError(
      "bad answer",
      "The router's answer about its address is no address.",
    );
  }
  return parts.map(Number).join(".");
}

async function addMapping(
  router: RouterService,
  options: { readonly request: MappingRequest; readonly signal: AbortSignal },
): Promise<Grant> {
  const { request } = options;
  const { internalPort, externalPort } = request;
  let lease = request.lifetimeSeconds;
  const addAt = async (port: number): Promise<Grant> => {
    try {
      return await add(router, { ...options, port, lease });
    } catch (error) {
      if (!(error instanceof SoapFault) || error.code !== 725) throw error;
      lease = 0;
      return await add(router, { ...options, port, lease });
    }
  };
  const ports = new Set([externalPort, internalPort]);
  while (ports.size < 2 + OTHER_PORTS) ports.add(randomPort());
  let conflict: unknown;
  for (const port of ports) {
    if (await findOwner(router, { ...options, port }) === "neighbour's") {
      conflict ??= new SoapFault(718, undefined);
      continue;
    }
    try {
      return await addAt(port);
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      conflict = error;
      if (error.code === 724 && port !== internalPort) {
        return await addAt(internalPort);
      }
      if (error.code !== 718 && error.code !== 729) throw error;
      // Some routers do not let anybody, even us, put it a second time.
      if (await findOwner(router, { ...options, port }) === "ours") {
        await deleteMapping(router, { ...options, port });
        return await addAt(port);
      }
    }
  }
  throw conflict;
}

async function add(
  router: RouterService,
  wish: Grant & {
    readonly request: MappingRequest;
    readonly signal: AbortSignal;
  },
): Promise<Grant> {
  const { request, signal, port, lease } = wish;
  const input = {
    NewRemoteHost: "",
    NewExternalPort: port,
    NewProtocol: "TCP",
    NewInternalPort: request.internalPort,
    NewInternalClient: router.link.localAddress,
    NewEnabled: 1,
    NewPortMappingDescription: DESCRIPTION,
    NewLeaseDuration: lease,
  };
  if (router.service.type.endsWith(":WANIPConnection:2")) {
    try {
      const answer = await ask(router, "AddAnyPortMapping", { input, signal });
      const reserved = answer.get("NewReservedPort") ?? "";
      const granted = /^[0-9]{1,5}$/.test(reserved) ? Number(reserved) : 0;
      if (granted >= 1 && granted <= 65_535) return { port: granted, lease };
      throw new MappingError(
        "bad answer",
        "The router forwards a port and does not say which.",
      );
    } catch (error) {
      if (!isUnknownAction(error) && !isFailedAction(error)) throw error;
    }
  }
  await ask(router, "AddPortMapping", { input, signal });
  return { port, lease };
}

/** Some routers have AddAnyPortMapping in name only. */
function isFailedAction(error: unknown): boolean {
  return error instanceof SoapFault && error.code === 501;
}

function describeMapping(
  router: RouterService,
  granted: {
    readonly request: MappingRequest;
    readonly externalAddress: string;
    readonly grant: Grant;
  },
): Mapping {
  const { request, externalAddress, grant } = granted;
  return {
    method: "upnp",
    family: 4,
    externalAddress,
    externalPort: grant.port,
    internalPort: request.internalPort,
    lifetimeSeconds: grant.lease === 0 ? undefined : grant.lease,
    router: router.name,
    renew: (signal) =>
      mapPort(router, {
        request: { ...request, externalPort: grant.port },
        signal,
      }),
    async remove(signal) {
      try {
        const wish = { request, port: grant.port, signal };
        const owner = await findOwner(router, wish);
        // Where the router cannot tell, it is taken for ours.
        if (owner === "ours" || owner === "unknown") {
          await deleteMapping(router, wish);
        }
      } catch (error) {
        throw explainFault(error, "port mapping");
      }
    },
    async check(signal) {
      try {
        const wish = { request, port: grant.port, signal };
        const owner = await findOwner(router, wish);
        if (owner !== "ours" && owner !== "unknown") return false;
        return await askExternalAddress(router, signal) === externalAddress;
      } catch (error) {
        if (
          error instanceof MappingError && error.failure === "no public address"
        ) {
          return false;
        }
        throw explainFault(error, "port mapping");
      }
    },
  };
}

/** Whose an outside port is, as far as the router can tell. */
type Owner = "ours" | "neighbour's" | "another's" | "nobody's" | "unknown";

/**
 * Asks whose an outside port is: `neighbour's` is another program of this
 * computer. Most routers let a computer overwrite what is its own, so nothing
 * else would keep us from taking it away.
 */
async function findOwner(
  router: RouterService,
  options: {
    readonly request: MappingRequest;
    readonly port: number;
    readonly signal: AbortSignal;
  },
): Promise<Owner> {
  let entry: SoapResult;
  try {
    entry = await ask(router, "GetSpecificPortMappingEntry", {
      input: {
        NewRemoteHost: "",
        NewExternalPort: options.port,
        NewProtocol: "TCP",
      },
      signal: options.signal,
    });
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    return error.code === 714 ? "nobody's" : "unknown";
  }
  if (entry.get("NewInternalClient") !== router.link.localAddress) {
    return "another's";
  }
  const port = entry.get("NewInternalPort");
  if (port === String(options.request.internalPort)) {
    return entry.get("NewEnabled") === "0" ? "nobody's" : "ours";
  }
  // Ours from a time when the relay had another port inside.
  return entry.get("NewPortMappingDescription") === DESCRIPTION
    ? "nobody's"
    : "neighbour's";
}

async function deleteMapping(
  router: RouterService,
  options: { readonly port: number; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await ask(router, "DeletePortMapping", {
      input: {
        NewRemoteHost: "",
        NewExternalPort: options.port,
        NewProtocol: "TCP",
      },
      signal: options.signal,
    });
  } catch (error) {
    if (!(error instanceof SoapFault) || error.code !== 714) throw error;
  }
}

/** A port that anybody may ask for, below those for outgoing connections. */
function randomPort(): number {
  const [random] = crypto.getRandomValues(new Uint16Array(1));
  return 20_000 + random % 12_000;
}
