/**
 * NAT-PMP (RFC 6886): the older sister of PCP, for IPv4 alone.
 *
 * @module
 */

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
  decodeNatPmpAnswer,
  encodeNatPmpAddress,
  encodeNatPmpMap,
  isNatPmpAnnouncement,
  type NatPmpAnswer,
  NatPmpResult,
} from "./nat_pmp_message.ts";

/** Asks routers by NAT-PMP. */
export function natPmpMapper(): PortMapper {
  return {
    method: "nat-pmp",
    async map(request, { link, signal }) {
      if (addressFamily(link.gateway) !== 4) {
        throw new MappingError("refused", "NAT-PMP knows IPv4 only");
      }
      return await openMapping({ link, request, epoch: new RouterEpoch() }, {
        externalPort: request.externalPort,
        signal,
      });
    },
    listen({ link, onSign, signal }) {
      return listenForNews({
        link,
        signal,
        onNews: (news) => isNatPmpAnnouncement(news) && onSign(),
      });
    },
  };
}

/** What stays the same while a mapping is renewed. */
interface Lease {
  readonly link: RouterLink;
  readonly request: MappingRequest;
  readonly epoch: RouterEpoch;
}

async function openMapping(
  lease: Lease,
  options: { readonly externalPort: number; readonly signal: AbortSignal },
): Promise<Mapping> {
  const { link, request, epoch } = lease;
  const { externalPort, signal } = options;
  const outside = await askAddress(lease, { signal });
  const granted = await askMap(link, {
    internalPort: request.internalPort,
    externalPort,
    lifetimeSeconds: request.lifetimeSeconds,
    signal,
  });
  epoch.accept(granted.epoch);
  if (granted.externalPort === 0 || granted.lifetimeSeconds === 0) {
    throw new MappingError("bad answer", "The router granted nothing");
  }
  return {
    method: "nat-pmp",
    family: 4,
    externalAddress: outside.externalAddress,
    externalPort: granted.externalPort,
    internalPort: request.internalPort,
    lifetimeSeconds: granted.lifetimeSeconds,
    router: undefined,
    renew: (signal) =>
      openMapping(lease, { externalPort: granted.externalPort, signal }),
    async remove(signal) {
      await askMap(link, {
        internalPort: request.internalPort,
        externalPort: 0,
        lifetimeSeconds: 0,
        signal,
      });
    },
    async check(signal) {
      // The mapping itself: the clock goes on when an entry of the table is
      // lost.
      const again = await askMap(link, {
        internalPort: request.internalPort,
        externalPort: granted.externalPort,
        lifetimeSeconds: request.lifetimeSeconds,
        signal,
        waits: SHORT_WAITS,
      });
      if (
        !epoch.accept(again.epoch) ||
        again.externalPort !== granted.externalPort
      ) return false;
      const now = await askAddress(lease, { signal, waits: SHORT_WAITS });
      return now.remembers &&
        sameAddress(now.externalAddress, outside.externalAddress);
    },
  };
}

async function askAddress(
  { link, epoch }: Lease,
  options: { readonly signal: AbortSignal; readonly waits?: readonly number[] },
): Promise<{ externalAddress: string; remembers: boolean }> {
  const answer = await askRouter(encodeNatPmpAddress(), {
    link,
    ...options,
    read: (bytes) => readAnswer(bytes, "address"),
  });
  const remembers = epoch.accept(answer.epoch);
  const { externalAddress } = answer;
  if (parseAddress(externalAddress)?.every((byte) => byte === 0) !== false) {
    throw new MappingError(
      "no public address",
      "The router has no address outside",
    );
  }
  return { externalAddress, remembers };
}

function askMap(
  link: RouterLink,
  options: {
    readonly internalPort: number;
    readonly externalPort: number;
    readonly lifetimeSeconds: number;
    readonly signal: AbortSignal;
    readonly waits?: readonly number[];
  },
): Promise<Extract<NatPmpAnswer, { kind: "map" }>> {
  return askRouter(encodeNatPmpMap(options), {
    link,
    signal: options.signal,
    waits: options.waits,
    read: (bytes) => {
      const answer = readAnswer(bytes, "map");
      return answer?.internalPort === options.internalPort ? answer : undefined;
    },
  });
}

/** An answer of this kind; others do not count. Errors of the router throw. */
function readAnswer<Kind extends "address" | "map">(
  bytes: Uint8Array,
  kind: Kind,
): Extract<NatPmpAnswer, { kind: Kind }> | undefined {
  const answer = decodeNatPmpAnswer(bytes);
  if (answer === undefined) return undefined;
  if (answer.kind !== kind && answer.kind !== "error") return undefined;
  if (answer.result !== NatPmpResult.success) throw refusal(answer.result);
  return isOfKind(answer, kind) ? answer : undefined;
}

function isOfKind<Kind extends NatPmpAnswer["kind"]>(
  answer: NatPmpAnswer,
  kind: Kind,
): answer is Extract<NatPmpAnswer, { kind: Kind }> {
  return answer.kind === kind;
}

function refusal(code: number): MappingError {
  const [failure, message] = REFUSALS.get(code) ??
    ["bad answer", "The router answers with an unknown result"];
  return new MappingError(failure, message, { code });
}

const REFUSALS: ReadonlyMap<number, readonly [MappingFailure, string]> =
  new Map([
    [NatPmpResult.unsupportedVersion, [
      "no answer",
      "The router does not speak NAT-PMP",
    ]],
    [NatPmpResult.notAuthorized, [
      "refused",
      "The router does not allow mappings",
    ]],
    [NatPmpResult.networkFailure, [
      "no public address",
      "The router has no public address",
    ]],
    [NatPmpResult.outOfResources, [
      "no resources",
      "The router has no port left",
    ]],
    [NatPmpResult.unsupportedOpcode, [
      "refused",
      "The router does not map ports",
    ]],
  ]);
