/**
 * IPv6: openings in the router's firewall, by WANIPv6FirewallControl:1.
 *
 * @module
 */

import { type Mapping, MappingError, type MappingRequest } from "../mapping.ts";
import { explainFault } from "./faults.ts";
import { ask, type RouterService } from "./router.ts";
import { isUnknownAction, SoapFault } from "./soap.ts";

/** The service that opens the firewall. */
export const FIREWALL_TYPE =
  "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1";

/** Longest life of an opening, seconds (section 2.3.3 of the service). */
const MAX_LEASE_SECONDS = 86_400;
const TCP = 6;

/** A mapping of IPv6. */
export interface Pinhole extends Mapping {
  /** The router filters nothing: there was nothing to open. */
  readonly firewallOff: boolean;
}

type FirewallState = "off" | "closed" | "forbidden";

interface Wish {
  readonly request: MappingRequest;
  readonly signal: AbortSignal;
}

/**
 * Opens the firewall for a port.
 *
 * @throws {MappingError} when the router does not
 */
export async function openPinhole(
  router: RouterService,
  wish: Wish,
): Promise<Pinhole> {
  try {
    switch (await askFirewall(router, wish.signal)) {
      case "off":
        return describeOpen(router, wish.request);
      case "forbidden":
        throw new SoapFault(703, undefined);
      case "closed":
        return await addPinhole(router, wish);
    }
  } catch (error) {
    throw explainFault(error, "pinhole");
  }
}

async function askFirewall(
  router: RouterService,
  signal: AbortSignal,
): Promise<FirewallState> {
  const status = await ask(router, "GetFirewallStatus", { signal });
  if (isFalse(status.get("FirewallEnabled"))) return "off";
  return isFalse(status.get("InboundPinholeAllowed")) ? "forbidden" : "closed";
}

async function addPinhole(router: RouterService, wish: Wish): Promise<Pinhole> {
  const { request, signal } = wish;
  const lease = leaseOf(request);
  try {
    const answer = await ask(router, "AddPinhole", {
      input: {
        RemoteHost: "",
        RemotePort: 0,
        InternalClient: router.link.localAddress,
        InternalPort: request.internalPort,
        Protocol: TCP,
        LeaseTime: lease,
      },
      signal,
    });
    const id = answer.get("UniqueID") ?? "";
    if (/^[0-9]{1,5}$/.test(id)) {
      return describePinhole(router, { request, id, lease });
    }
  } catch (error) {
    // Switched off since it was asked.
    if (error instanceof SoapFault && error.code === 702) {
      return describeOpen(router, request);
    }
    throw error;
  }
  throw new MappingError(
    "bad answer",
    "The router opens its firewall and does not say under which number.",
  );
}

function leaseOf(request: MappingRequest): number {
  return Math.min(MAX_LEASE_SECONDS, Math.max(1, request.lifetimeSeconds));
}

function describe(router: RouterService, request: MappingRequest) {
  return {
    method: "upnp",
    family: 6,
    externalAddress: router.link.localAddress,
    externalPort: request.internalPort,
    internalPort: request.internalPort,
    router: router.name,
  } as const;
}

function describeOpen(
  router: RouterService,
  request: MappingRequest,
): Pinhole {
  return {
    ...describe(router, request),
    firewallOff: true,
    lifetimeSeconds: undefined,
    renew: (signal) => openPinhole(router, { request, signal }),
    async remove() {},
    async check(signal) {
      try {
        return await askFirewall(router, signal) === "off";
      } catch (error) {
        throw explainFault(error, "pinhole");
      }
    },
  };
}

function describePinhole(
  router: RouterService,
  granted: {
    readonly request: MappingRequest;
    readonly id: string;
    readonly lease: number;
  },
): Pinhole {
  const { request, id, lease } = granted;
  const pinhole: Pinhole = {
    ...describe(router, request),
    firewallOff: false,
    lifetimeSeconds: lease,
    async renew(signal) {
      try {
        await ask(router, "UpdatePinhole", {
          input: { UniqueID: id, NewLeaseTime: lease },
          signal,
        });
        return pinhole;
      } catch (error) {
        if (!(error instanceof SoapFault)) throw error;
        return await openPinhole(router, { request, signal });
      }
    },
    async remove(signal) {
      try {
        await ask(router, "DeletePinhole", {
          input: { UniqueID: id },
          signal,
        });
      } catch (error) {
        if (!isForgotten(error)) throw explainFault(error, "pinhole");
      }
    },
    async check(signal) {
      try {
        return await isKnown(router, { id, signal });
      } catch (error) {
        throw explainFault(error, "pinhole");
      }
    },
  };
  return pinhole;
}

/**
 * CheckPinholeWorking is optional in the service, GetPinholePackets is not.
 * What the first says of the traffic is not asked for here: a call from
 * outside tells more.
 */
async function isKnown(
  router: RouterService,
  options: { readonly id: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const { id, signal } = options;
  for (const action of ["CheckPinholeWorking", "GetPinholePackets"]) {
    try {
      await ask(router, action, { input: { UniqueID: id }, signal });
      return true;
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      if (isForgotten(error)) return false;
      // 709: nobody has used it yet.
      if (error.code === 709) return true;
      if (!isUnknownAction(error) && error.code !== 501) throw error;
    }
  }
  // It answers, and has neither: nothing says that it forgot.
  return true;
}

/**
 * 704: no such opening; miniupnpd says 402 (not in the table of the action's
 * errors). 606: after a restart the number belongs to another computer.
 */
function isForgotten(error: unknown): boolean {
  return error instanceof SoapFault && [402, 606, 704].includes(error.code);
}

function isFalse(text: string | undefined): boolean {
  return text === "0" || text === "false" || text === "no";
}
