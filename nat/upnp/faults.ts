/**
 * What the error codes of routers mean, in words.
 *
 * @module
 */

import { MappingError, type MappingFailure } from "../mapping.ts";
import { SoapFault } from "./soap.ts";

type Meaning = readonly [MappingFailure, string];

const NOT_ALLOWED: Meaning = [
  "refused",
  "The router does not allow this computer to open ports. " +
  "Look in its settings for UPnP, or for a permission of this computer.",
];

/** UPnP Device Architecture 1.1, table 3-3: codes that every service has. */
const COMMON: Readonly<Record<number, Meaning>> = {
  401: ["refused", "The router cannot open ports by UPnP."],
  402: ["bad answer", "The router finds the question malformed."],
  404: ["refused", "The router cannot open ports by UPnP."],
  405: ["refused", "The router cannot open ports by UPnP."],
  501: [
    "refused",
    "The router says that it cannot do this. " +
    "Often it has no public address itself, or keeps this port to itself.",
  ],
  600: ["bad answer", "The router does not accept a value it was asked for."],
  601: ["bad answer", "The router does not accept a value it was asked for."],
  602: ["refused", "The router cannot open ports by UPnP."],
  603: ["no resources", "The router is out of memory. Restart it."],
  605: ["bad answer", "The router finds a text too long."],
  606: NOT_ALLOWED,
  607: NOT_ALLOWED,
};

/** UPnP WANIPConnection:2, table 2-28 and the tables of each action. */
const PORT_MAPPING: Readonly<Record<number, Meaning>> = {
  714: ["refused", "The router does not know this port forward any more."],
  715: ["bad answer", "The router wants a single caller for the port."],
  716: ["bad answer", "The router finds the outside port missing."],
  718: [
    "no resources",
    "The outside port is forwarded to another computer already.",
  ],
  724: [
    "no resources",
    "The router can only forward a port to the same port inside, " +
    "and that one is taken.",
  ],
  725: ["refused", "The router only makes port forwards that never end."],
  726: ["bad answer", "The router finds the address of the caller missing."],
  727: ["refused", "The router only forwards all its ports at once."],
  728: ["no resources", "The router has no room for another port forward."],
  729: [
    "no resources",
    "The outside port is used by something else in the router.",
  ],
  732: ["bad answer", "The router finds the inside port missing."],
};

/** UPnP WANIPv6FirewallControl:1, table 2-12. */
const PINHOLE: Readonly<Record<number, Meaning>> = {
  701: [
    "no resources",
    "The router's firewall has no room for another opening.",
  ],
  702: ["refused", "The router's firewall is switched off."],
  703: [
    "refused",
    "The router's settings forbid programs to open its IPv6 firewall.",
  ],
  704: ["refused", "The router does not know this opening any more."],
  705: ["refused", "The router's IPv6 firewall cannot be opened for TCP."],
  706: ["bad answer", "The router finds the inside port missing."],
  707: ["bad answer", "The router finds the protocol missing."],
  708: ["refused", "The router only opens its firewall for one known caller."],
};

/**
 * Turns the router's refusal into what it means; other errors stay as they
 * are.
 */
export function explainFault(
  error: unknown,
  service: "port mapping" | "pinhole",
): unknown {
  if (!(error instanceof SoapFault)) return error;
  const own = service === "pinhole" ? PINHOLE : PORT_MAPPING;
  const [failure, words] = own[error.code] ?? COMMON[error.code] ??
    ["refused", "The router refused."];
  return new MappingError(failure, `${words} (It said: ${error.message}.)`, {
    cause: error,
    code: error.code,
  });
}
