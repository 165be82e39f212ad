/**
 * Messages of the NAT Port Mapping Protocol (RFC 6886).
 *
 * ```text
 *        0         1         2         3
 *   0   version=0 op=0                            what is your address? 2 bytes
 *
 *   0   version=0 op=128    result                its answer, 12 bytes
 *   4   epoch (seconds)
 *   8   address outside
 *
 *   0   version=0 op=2      reserved              map TCP, 12 bytes
 *   4   internal port       external port (wish)
 *   8   lifetime (seconds); 0 takes it back
 *
 *   0   version=0 op=130    result                its answer, 16 bytes
 *   4   epoch (seconds)
 *   8   internal port       external port
 *  12   lifetime (seconds)
 * ```
 *
 * @module
 */

import { formatAddress } from "./ip.ts";

const ADDRESS = 0;
const MAP_TCP = 2;
const RESPONSE = 128;

/** Result codes (RFC 6886 section 3.5). */
export const NatPmpResult = {
  success: 0,
  unsupportedVersion: 1,
  notAuthorized: 2,
  networkFailure: 3,
  outOfResources: 4,
  unsupportedOpcode: 5,
} as const;

/** An answer. Fields beyond `epoch` mean nothing unless `result` is success. */
export type NatPmpAnswer =
  | {
    readonly kind: "address";
    readonly result: number;
    readonly epoch: number;
    readonly externalAddress: string;
  }
  | {
    readonly kind: "map";
    readonly result: number;
    readonly epoch: number;
    readonly internalPort: number;
    readonly externalPort: number;
    readonly lifetimeSeconds: number;
  }
  /** An error without data, such as "this version is not known". */
  | { readonly kind: "error"; readonly result: number };

/** Asks for the router's address outside. */
export function encodeNatPmpAddress(): Uint8Array {
  return new Uint8Array([0, ADDRESS]);
}

/** Asks for a TCP mapping; a lifetime of 0 takes it back. */
export function encodeNatPmpMap(
  request: {
    readonly internalPort: number;
    readonly externalPort: number;
    readonly lifetimeSeconds: number;
  },
): Uint8Array {
  const message = new Uint8Array(12);
  const view = new DataView(message.buffer);
  message[1] = MAP_TCP;
  view.setUint16(4, request.internalPort);
  view.setUint16(6, request.externalPort);
  view.setUint32(8, request.lifetimeSeconds);
  return message;
}

/** Reads what came from the router; `undefined` when it is no answer. */
export function decodeNatPmpAnswer(
  message: Uint8Array,
): NatPmpAnswer | undefined {
  if (message.length < 4 || message[0] !== 0) return undefined;
  const view = new DataView(
    message.buffer,
    message.byteOffset,
    message.byteLength,
  );
  const result = view.getUint16(2);
  const opcode = message[1];
  if (opcode === RESPONSE + ADDRESS && message.length >= 12) {
    return {
      kind: "address",
      result,
      epoch: view.getUint32(4),
      externalAddress: formatAddress(message.subarray(8, 12)),
    };
  }
  if (opcode === RESPONSE + MAP_TCP && message.length >= 16) {
    return {
      kind: "map",
      result,
      epoch: view.getUint32(4),
      internalPort: view.getUint16(8),
      externalPort: view.getUint16(10),
      lifetimeSeconds: view.getUint32(12),
    };
  }
  return opcode >= RESPONSE && result !== NatPmpResult.success
    ? { kind: "error", result }
    : undefined;
}

/** Whether a datagram is what a NAT-PMP router tells everybody unasked. */
export function isNatPmpAnnouncement(message: Uint8Array): boolean {
  return decodeNatPmpAnswer(message)?.kind === "address";
}
