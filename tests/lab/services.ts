/**
 * What the routers of a home map by.
 *
 * @module
 */

import { BETWEEN } from "./addresses.ts";
import type { RouterServices } from "./router.ts";
import type { HomeOptions } from "./variants.ts";

/** The router at home; `publicAddress`: where the internet sees the home. */
export function homeServices(
  { variant, strict, lease, upnpOnly, reports }: HomeOptions,
  publicAddress: string,
): RouterServices {
  switch (variant) {
    case "igd2":
      return { upnp: "igd2", natPmp: !upnpOnly, pcp: !upnpOnly, lease };
    case "igd1":
      return { upnp: "igd1", lease };
    case "pmp":
      return { natPmp: true, lease };
    case "pcp":
      return { pcp: true, lease };
    case "double":
    case "cgnat": {
      const services = { ...ALL, lease };
      if (strict) return services;
      const isLying = (reports ?? (variant === "cgnat" ? "carrier" : "own")) ===
        "carrier";
      return {
        ...services,
        allowPrivate: true,
        reportedAddress: isLying ? publicAddress : BETWEEN[variant].inner,
      };
    }
    default:
      return {};
  }
}

/** The router between the home's and the internet. */
export function carrierServices(
  { variant, lease }: HomeOptions,
): RouterServices {
  return variant === "double" ? { ...ALL, lease } : {};
}

const ALL = { upnp: "igd2", natPmp: true, pcp: true } as const;
