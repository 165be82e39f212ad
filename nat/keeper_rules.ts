/**
 * When the keeper renews, and what it takes for silence and for the same.
 *
 * @module
 */

import { addressFamily, sameAddress } from "./ip.ts";
import {
  type Mapping,
  MappingError,
  type MappingFailure,
  type RouterLink,
} from "./mapping.ts";

/** When to renew: about half of the life, not all relays at the same moment. */
export function renewalTime(mapping: Mapping): number {
  return performance.now() + halfLife(mapping) * (0.9 + Math.random() * 0.2);
}

/** Milliseconds; `Infinity` for what lasts until it is removed. */
export function halfLife({ lifetimeSeconds }: Mapping): number {
  return lifetimeSeconds === undefined
    ? Infinity
    : Math.max(lifetimeSeconds, 2) * 500;
}

/** Whether an error means that the router did not answer. */
export function isSilence(error: unknown): boolean {
  return error instanceof MappingError
    ? isSilent(error.failure)
    // A time limit of ours.
    : error instanceof DOMException;
}

/** Whether a failure means that the router did not answer. */
export function isSilent(failure: MappingFailure): boolean {
  return failure === "no answer" || failure === "no network";
}

/** Whether a mapping made by one still leads here by the other. */
export function sameLink(one: RouterLink, other: RouterLink): boolean {
  return one.gateway === other.gateway &&
    one.interfaceName === other.interfaceName &&
    addressFamily(one.localAddress) === addressFamily(other.localAddress) &&
    sameAddress(one.localAddress, other.localAddress);
}

/** Whether the world sees the same in both. */
export function sameOutside(one: Mapping, other: Mapping): boolean {
  return one.externalPort === other.externalPort &&
    sameAddress(one.externalAddress, other.externalAddress);
}
