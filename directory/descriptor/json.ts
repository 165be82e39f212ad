/**
 * A descriptor for people and for programs that do not read its bytes.
 *
 * @module
 */

import { fingerprintText } from "../../relay/identity/mod.ts";
import { formatServerAddress } from "../../relay/smp/mod.ts";
import type {
  Descriptor,
  DescriptorAddress,
  DescriptorLimits,
  Role,
} from "./descriptor.ts";

/** What a descriptor says, as JSON. */
export interface DescriptorJson {
  readonly fingerprint: string;
  readonly sequence: number;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** For the SimpleX app. */
  readonly addresses: readonly string[];
  readonly roles: readonly Role[];
  readonly open: boolean;
  readonly full: boolean;
  readonly software: string;
  readonly limits: DescriptorLimits;
  readonly region?: string;
  readonly contact?: string;
  readonly family?: string;
  readonly leavesAt?: string;
}

/** The view of a descriptor. */
export function descriptorJson(descriptor: Descriptor): DescriptorJson {
  const { fingerprint, addresses, leavesAt, ...rest } = descriptor;
  return {
    ...rest,
    fingerprint: fingerprintText(fingerprint),
    notBefore: time(descriptor.notBefore),
    notAfter: time(descriptor.notAfter),
    addresses: addresses.map((each) => addressText(fingerprint, each)),
    ...(leavesAt === undefined ? {} : { leavesAt: time(leavesAt) }),
  };
}

/** An address as the SimpleX app takes it. */
export function addressText(
  fingerprint: Uint8Array,
  { scheme, hosts, port }: DescriptorAddress,
): string {
  return formatServerAddress({
    scheme,
    fingerprint,
    hosts: [...hosts],
    port: String(port),
  });
}

/** Far beyond what dates can be, the last date. */
function time(seconds: number): string {
  return new Date(Math.min(seconds * 1000, 8.64e15)).toISOString();
}
