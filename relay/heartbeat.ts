/**
 * What the relay tells directories of itself, and which ones.
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import { Heartbeat, type Statement } from "../directory/heartbeat/mod.ts";
import {
  BOUNDS,
  type DescriptorAddress,
  type DescriptorLimits,
  type HeartbeatNumbers,
  type Role,
} from "../directory/mod.ts";
import type { ReachedAddress } from "./addresses.ts";
import {
  configuredDirectories,
  HEARTBEAT_FILE,
  isListed,
  leavesAt,
} from "./directories.ts";
import type { Identity } from "./identity/mod.ts";
import type { Share } from "./share/mod.ts";
import { parseServerAddress } from "./smp/mod.ts";
import { VERSION } from "./version.ts";

/** What a relay's reports are made of. */
export interface HeartbeatParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly share: Share;
  readonly addresses: () => readonly ReachedAddress[];
  /** Queues and clients that are there now. */
  readonly counts: () => { readonly queues: number; readonly clients: number };
  /** When the relay started: milliseconds since 1970. */
  readonly startedAt: number;
  /** Must not throw. */
  readonly onError: (error: unknown) => void;
}

/**
 * After the start, addresses that nobody has tried yet may still turn out to be
 * of no use; a directory would not look again for a while. Ms.
 */
const CHECKING_MS = 30_000;

/**
 * Reports as the settings want it. Where the relay is listed nowhere and was
 * not before, that is nothing at all.
 *
 * @throws {AddressError} when a directory's address is none
 */
export function openHeartbeat(parts: HeartbeatParts): Promise<Heartbeat> {
  const { config, identity, onError } = parts;
  return Heartbeat.open({
    identity,
    file: join(config.data.directory, HEARTBEAT_FILE),
    directories: isListed(config) ? configuredDirectories(config) : [],
    statement: () => statementOf(parts),
    numbers: () => numbersOf(parts),
    onError,
  });
}

function statementOf(
  { config, addresses, share, startedAt }: HeartbeatParts,
): Statement | undefined {
  const { smp, xftp, proxy } = config;
  const isPublic = config.share.listed === "public";
  const open = new Set<"smp" | "xftp">();
  if (isPublic && smp.newQueues && smp.createPassword === "") open.add("smp");
  if (
    isPublic && xftp.enabled && xftp.newFiles && xftp.createPassword === ""
  ) open.add("xftp");
  // Strangers are told of nothing that they cannot use.
  const isEarly = Date.now() - startedAt < CHECKING_MS;
  const outside = addresses().filter(({ reach }) =>
    reach !== "home" && !(isEarly && reach === "unchecked")
  );
  const told = placesOf(outside).filter(({ scheme }) =>
    open.size === 0 || open.has(scheme)
  );
  if (told.length === 0) return undefined;
  const roles: Role[] = [];
  if (told.some(({ scheme }) => scheme === "smp")) roles.push("smp");
  if (told.some(({ scheme }) => scheme === "xftp")) roles.push("xftp");
  if (roles.includes("smp") && proxy.enabled) roles.push("proxy");
  const { region, contact, family, leaving } = config.share;
  return {
    addresses: told,
    roles,
    open: open.size > 0,
    full: share.full,
    software: `porchlight ${VERSION}`,
    limits: limitsOf(config, roles),
    region: region || undefined,
    contact: contact || undefined,
    family: family || undefined,
    leavesAt: leavesAt(leaving),
  };
}

/** Where the world comes, without passwords; some of each protocol. */
function placesOf(addresses: readonly ReachedAddress[]): DescriptorAddress[] {
  const all = addresses.map(({ address }) => parseServerAddress(address))
    .map(({ scheme, hosts, port }) => ({
      scheme,
      hosts: hosts.slice(0, BOUNDS.hosts),
      port: Number(port),
    }));
  return (["smp", "xftp"] as const).flatMap((scheme) =>
    all.filter((each) => each.scheme === scheme).slice(0, BOUNDS.addresses / 2)
  );
}

function limitsOf(
  { smp, xftp, share }: Config,
  roles: readonly Role[],
): DescriptorLimits {
  const seconds = smp.messageExpirySeconds;
  const files = roles.includes("xftp");
  const fileSeconds = files ? xftp.fileExpirySeconds : null;
  return {
    messagesPerQueue: smp.messagesPerQueue,
    messageDays: seconds === null ? undefined : Math.floor(seconds / 86_400),
    fileBytes: files ? xftp.storageQuotaBytes : undefined,
    chunkBytes: files ? Math.max(...xftp.chunkSizesBytes) : undefined,
    fileHours: fileSeconds === null
      ? undefined
      : Math.floor(fileSeconds / 3600),
    megabytesPerHour: share.megabytesPerHour || undefined,
    gigabytesPerMonth: share.gigabytesPerMonth || undefined,
  };
}

/** Coarse, so that they tell of nobody. */
function numbersOf(
  { share, counts, startedAt }: HeartbeatParts,
): HeartbeatNumbers {
  const { messages, fileBytes } = share.lastDay;
  const { queues, clients } = counts();
  return {
    messages: coarse(messages),
    fileBytes: coarse(fileBytes / 1e6) * 1e6,
    queues: coarse(queues),
    clients: coarse(clients),
    uptimeHours: coarse((Date.now() - startedAt) / 3_600_000),
  };
}

/** Down to 0, 10, 20, 50, 100, 200 and so on. */
export function coarse(count: number): number {
  if (count < 10) return 0;
  const power = 10 ** Math.floor(Math.log10(count));
  const step = count / power;
  return (step < 2 ? 1 : step < 5 ? 2 : 5) * power;
}
