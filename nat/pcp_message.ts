/**
 * Messages of the Port Control Protocol, version 2 (RFC 6887).
 *
 * ```text
 *        0         1         2         3
 *   0   version=2 opcode    reserved              request header, 24 bytes
 *   4   lifetime (seconds)
 *   8   client's address (16)
 *
 *   0   version   0x80|op   reserved  result      response header, 24 bytes
 *   4   lifetime (seconds)
 *   8   epoch (seconds)
 *  12   reserved (12)
 *
 *  24   nonce (12)                                MAP (opcode 1), 36 bytes
 *  36   protocol  reserved (3)
 *  40   internal port       external port
 *  44   external address (16)
 * ```
 *
 * In a request the external port and address are wishes. ANNOUNCE (opcode 0)
 * is a header alone.
 *
 * @module
 */

import { formatAddress, toSixteenBytes } from "./ip.ts";

/** Length of the header and of ANNOUNCE, bytes. */
export const PCP_HEADER = 24;
/** Length of a MAP message without options, bytes. */
export const PCP_MAP = 60;
/** Length of a mapping's nonce, bytes. */
export const PCP_NONCE = 12;

const VERSION = 2;
const RESPONSE = 0x80;
const ANNOUNCE = 0;
const MAP = 1;
const TCP = 6;

/** Result codes that are treated differently (RFC 6887 section 7.4). */
export const PcpResult = {
  success: 0,
  unsupportedVersion: 1,
  notAuthorized: 2,
  malformedRequest: 3,
  unsupportedOpcode: 4,
  networkFailure: 7,
  noResources: 8,
  unsupportedProtocol: 9,
  quotaExceeded: 10,
  cannotProvideExternal: 11,
  addressMismatch: 12,
} as const;

/** What a MAP request asks for. */
export interface PcpMapRequest {
  readonly clientAddress: string;
  readonly nonce: Uint8Array;
  readonly internalPort: number;
  /** Wished; 0 for any. */
  readonly externalPort: number;
  /** Wished; all zero (`0.0.0.0` or `::`) for any. */
  readonly externalAddress: string;
  /** Seconds; 0 takes the mapping back. */
  readonly lifetimeSeconds: number;
}

/** An answer, as far as it could be read. */
export type PcpAnswer =
  | {
    readonly kind: "map";
    readonly result: number;
    readonly lifetimeSeconds: number;
    readonly epoch: number;
    readonly nonce: Uint8Array;
    readonly protocol: number;
    readonly internalPort: number;
    readonly externalPort: number;
    readonly externalAddress: string;
  }
  /** ANNOUNCE, or an error without the request's data. */
  | {
    readonly kind: "header";
    readonly opcode: number;
    readonly result: number;
    readonly lifetimeSeconds: number;
    readonly epoch: number;
  }
  /** The router speaks another version: NAT-PMP (0), or an early PCP (1). */
  | { readonly kind: "other version"; readonly version: number };

/** A MAP request for TCP. */
export function encodePcpMap(request: PcpMapRequest): Uint8Array {
  const message = new Uint8Array(PCP_MAP);
  const view = new DataView(message.buffer);
  writeHeader(message, {
    opcode: MAP,
    lifetimeSeconds: request.lifetimeSeconds,
    clientAddress: request.clientAddress,
  });
  message.set(request.nonce.subarray(0, PCP_NONCE), 24);
  message[36] = TCP;
  view.setUint16(40, request.internalPort);
  view.setUint16(42, request.externalPort);
  message.set(toSixteenBytes(request.externalAddress), 44);
  return message;
}

/** An ANNOUNCE request: "are you there, and since when?" */
export function encodePcpAnnounce(clientAddress: string): Uint8Array {
  const message = new Uint8Array(PCP_HEADER);
  writeHeader(message, { opcode: ANNOUNCE, lifetimeSeconds: 0, clientAddress });
  return message;
}

/** Reads what came from the router; `undefined` when it is no answer at all. */
export function decodePcpAnswer(message: Uint8Array): PcpAnswer | undefined {
  if (message.length < 4 || (message[1] & RESPONSE) === 0) return undefined;
  const version = message[0];
  if (version !== VERSION) {
    return version < VERSION ? { kind: "other version", version } : undefined;
  }
  if (message.length < PCP_HEADER) return undefined;
  const view = new DataView(
    message.buffer,
    message.byteOffset,
    message.byteLength,
  );
  const opcode = message[1] & ~RESPONSE;
  const header = {
    result: message[3],
    lifetimeSeconds: view.getUint32(4),
    epoch: view.getUint32(8),
  };
  if (opcode !== MAP || message.length < PCP_MAP) {
    return { kind: "header", opcode, ...header };
  }
  return {
    kind: "map",
    ...header,
    nonce: message.slice(24, 36),
    protocol: message[36],
    internalPort: view.getUint16(40),
    externalPort: view.getUint16(42),
    externalAddress: formatAddress(message.subarray(44, 60)),
  };
}

/** Whether a datagram is what a PCP server tells everybody when it starts. */
export function isPcpAnnouncement(message: Uint8Array): boolean {
  const answer = decodePcpAnswer(message);
  return answer?.kind === "header" && answer.opcode === ANNOUNCE &&
    answer.result === PcpResult.success;
}

function writeHeader(
  message: Uint8Array<ArrayBuffer>,
  header: {
    readonly opcode: number;
    readonly lifetimeSeconds: number;
    readonly clientAddress: string;
  },
): void {
  message[0] = VERSION;
  message[1] = header.opcode;
  new DataView(message.buffer).setUint32(4, header.lifetimeSeconds);
  message.set(toSixteenBytes(header.clientAddress), 8);
}
