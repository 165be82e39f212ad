/**
 * What a relay says of itself.
 *
 * @module
 */

/** Something that a relay does for everyone who asks. */
export type Role =
  /** Queues of messages. */
  | "smp"
  /** Files. */
  | "xftp"
  /** Carries messages on to other relays. */
  | "proxy";

/** All roles, in the order of their bits. */
export const ROLES: readonly Role[] = ["smp", "xftp", "proxy"];

/** Where a relay is reached for one of its protocols. */
export interface DescriptorAddress {
  readonly scheme: "smp" | "xftp";
  /** Names, IP addresses or onion names, as they stand in addresses. */
  readonly hosts: readonly string[];
  readonly port: number;
}

/** What a relay gives in all; left out: it does not say. */
export interface DescriptorLimits {
  /** Messages that a queue holds. */
  readonly messagesPerQueue?: number;
  /** Days for which a message waits. */
  readonly messageDays?: number;
  /** Bytes of all files together. */
  readonly fileBytes?: number;
  /** Bytes of the largest piece of a file. */
  readonly chunkBytes?: number;
  /** Hours for which a file waits. */
  readonly fileHours?: number;
  /** Megabytes an hour, and gigabytes a month, that its owner gives. */
  readonly megabytesPerHour?: number;
  readonly gigabytesPerMonth?: number;
}

/** A relay's own words; times in seconds since 1970. */
export interface Descriptor {
  /** SHA-256 of its CA certificate, 32 bytes: who it is. */
  readonly fingerprint: Uint8Array;
  /** A later descriptor has a higher one. */
  readonly sequence: number;
  /** From when and until when it holds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly addresses: readonly DescriptorAddress[];
  readonly roles: readonly Role[];
  /** Strangers may create queues and files, without a password. */
  readonly open: boolean;
  /** What its owner gives is used up for now. */
  readonly full: boolean;
  /** Program and version. */
  readonly software: string;
  readonly limits: DescriptorLimits;
  /** Part of the world, as coarse as its owner likes: "Europe", "DE". */
  readonly region?: string;
  /** How to reach its owner. */
  readonly contact?: string;
  /** Name that all relays of one operator have in common. */
  readonly family?: string;
  /** When it will go, if that is known. */
  readonly leavesAt?: number;
}

/** Bounds of a descriptor. */
export const BOUNDS = {
  addresses: 4,
  hosts: 8,
  /** Bytes of texts. */
  software: 64,
  region: 32,
  contact: 160,
  family: 64,
  /** Bytes of a body, and of one with certificates and signature. */
  body: 3072,
  signed: 8192,
  /** Longest time for which one holds, seconds. */
  validity: 30 * 86_400,
} as const;
