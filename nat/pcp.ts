/**
 * The Port Control Protocol (RFC 6887): ports of IPv4 routers, pinholes of IPv6
 * firewalls.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { askRouter, listenForNews, SHORT_WAITS } from "./datagram.ts";
import { RouterEpoch } from "./epoch.ts";
import { addressFamily, parseAddress, sameAddress } from "./ip.ts";
import {
  type Mapping,
  MappingError,
  type MappingFailure,
  type MappingRequest,
  type PortMapper,
  type RouterLink,
} from "./mapping.ts";
import {
  decodePcpAnswer,
  encodePcpMap,
  isPcpAnnouncement,
  PCP_NONCE,
  type PcpAnswer,
  PcpResult,
} from "./pcp_message.ts";

/** How routers are asked by PCP. */
export interface PcpOptions {
  /**
   * Secret that nonces are made from. A router lets only the nonce that made a
   * mapping change it, so a program that was killed takes its own mapping over
   * when it starts with the same secret. Without it, each run has its own.
   */
  readonly nonceKey?: Uint8Array;
}

/** Asks routers by PCP. */
export function pcpMapper(options: PcpOptions = {}): PortMapper {
  const nonceKey = options.nonceKey ?? randomBytes(32);
  return {
    method: "pcp",
    async map(request, { link, signal }) {
      const lease: Lease = {
        link,
        request,
        nonce: makeNonce(nonceKey, { link, request }),
        epoch: new RouterEpoch(),
      };
      return await openMapping(lease, {
        wish: {
          externalPort: request.externalPort,
          externalAddress: addressFamily(link.localAddress) === 6
            ? "::"
            : "0.0.0.0",
        },
        signal,
      });
    },
    listen({ link, onSign, signal }) {
      return listenForNews({
        link,
        signal,
        onNews: (news) => isPcpAnnouncement(news) && onSign(),
      });
    },
  };
}

/** What stays the same while a mapping is renewed. */
interface Lease {
  readonly link: RouterLink;
  readonly request: MappingRequest;
  readonly nonce: Uint8Array;
  readonly epoch: RouterEpoch;
}

/** What is wished for outside. */
interface Outside {
  readonly externalPort: number;
  readonly externalAddress: string;
}

type MapAnswer = Extract<PcpAnswer, { kind: "map" }>;

async function openMapping(
  lease: Lease,
  options: { readonly wish: Outside; readonly signal: AbortSignal },
): Promise<Mapping> {
  const { request } = lease;
  const granted = await askMap(lease, {
    ...options,
    lifetimeSeconds: request.lifetimeSeconds,
  });
  lease.epoch.accept(granted.epoch);
  if (
    granted.externalPort === 0 || granted.lifetimeSeconds === 0 ||
    parseAddress(granted.externalAddress)?.every((byte) => byte === 0) !== false
  ) throw new MappingError("bad answer", "The router granted nothing");
  const { externalAddress, externalPort } = granted;
  return {
    method: "pcp",
    family: addressFamily(externalAddress) === 6 ? 6 : 4,
    externalAddress,
    externalPort,
    internalPort: request.internalPort,
    lifetimeSeconds: granted.lifetimeSeconds,
    router: undefined,
    renew: (signal) => openMapping(lease, { wish: granted, signal }),
    async remove(signal) {
      await askMap(lease, {
        wish: granted,
        lifetimeSeconds: 0,
        signal,
      });
    },
    async check(signal) {
      // One datagram, as asking for the clock would be, and it tells more: a
      // clock goes on when an entry of the table is lost.
      const now = await askMap(lease, {
        wish: granted,
        lifetimeSeconds: request.lifetimeSeconds,
        signal,
        waits: SHORT_WAITS,
      });
      return lease.epoch.accept(now.epoch) &&
        now.externalPort === externalPort &&
        sameAddress(now.externalAddress, externalAddress);
    },
  };
}

function askMap(
  lease: Lease,
  options: {
    readonly wish: Outside;
    readonly lifetimeSeconds: number;
    readonly signal: AbortSignal;
    readonly waits?: readonly number[];
  },
): Promise<MapAnswer> {
  const { link, request, nonce } = lease;
  const { wish, lifetimeSeconds, signal, waits } = options;
  const message = encodePcpMap({
    clientAddress: link.localAddress,
    nonce,
    internalPort: request.internalPort,
    externalPort: wish.externalPort,
    externalAddress: wish.externalAddress,
    lifetimeSeconds,
  });
  return askRouter(message, {
    link,
    signal,
    waits,
    read: (bytes) => readMapAnswer(bytes, lease),
  });
}

/** The answer to this lease; others do not count. Errors of the router throw. */
function readMapAnswer(bytes: Uint8Array, lease: Lease): MapAnswer | undefined {
  const answer = decodePcpAnswer(bytes);
  switch (answer?.kind) {
    case undefined:
      return undefined;
    case "other version":
      throw refusal(PcpResult.unsupportedVersion);
    case "header":
      // The request's data is missing, so only an error can be meant.
      if (answer.result === PcpResult.success) return undefined;
      throw refusal(answer.result);
    case "map":
      if (
        !answer.nonce.every((byte, at) => byte === lease.nonce[at]) ||
        answer.internalPort !== lease.request.internalPort
      ) return undefined;
      if (answer.result !== PcpResult.success) throw refusal(answer.result);
      return answer;
  }
}

function makeNonce(
  key: Uint8Array,
  of: { readonly link: RouterLink; readonly request: MappingRequest },
): Uint8Array {
  return createHmac("sha256", key)
    .update(`${of.link.localAddress} ${of.request.internalPort}`)
    .digest().subarray(0, PCP_NONCE);
}

function refusal(code: number): MappingError {
  const [failure, message] = REFUSALS.get(code) ??
    ["bad answer", "The router answers that it did not understand"];
  return new MappingError(failure, message, { code });
}

const REFUSALS: ReadonlyMap<number, readonly [MappingFailure, string]> =
  new Map([
    [PcpResult.unsupportedVersion, [
      "no answer",
      "The router does not speak PCP",
    ]],
    [PcpResult.notAuthorized, ["refused", "The router does not allow this"]],
    [PcpResult.unsupportedOpcode, ["refused", "The router does not map ports"]],
    [PcpResult.networkFailure, [
      "no public address",
      "The router has no address outside",
    ]],
    [PcpResult.noResources, [
      "no resources",
      "The router has no port left, or cannot map any",
    ]],
    [PcpResult.unsupportedProtocol, ["refused", "The router maps no TCP"]],
    [PcpResult.quotaExceeded, [
      "no resources",
      "The router gives this machine no more ports",
    ]],
    [PcpResult.cannotProvideExternal, [
      "no resources",
      "The router cannot give this port",
    ]],
    [PcpResult.addressMismatch, [
      "refused",
      "There is another router in between",
    ]],
  ]);
