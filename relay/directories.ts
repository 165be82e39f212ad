/**
 * Where the settings want the relay to be listed.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { type CoreAddress, parseCoreAddress } from "../tunnel/core_address.ts";
import type { PartStatus } from "./control/mod.ts";

/** File in the data directory with what the relay remembers of directories. */
export const HEARTBEAT_FILE = "directories.json";

/**
 * The directories that the settings name, or else the relay's core.
 *
 * @throws {AddressError} when one is none
 */
export function configuredDirectories(
  { directories, path }: Config,
): CoreAddress[] {
  const { addresses } = directories;
  if (addresses.length > 0) return addresses.map(parseCoreAddress);
  return path.core === "" ? [] : [parseCoreAddress(path.core)];
}

/** What is wrong with how the settings share the relay, if anything is. */
export function shareProblem(config: Config): PartStatus | undefined {
  const { share, smp, xftp } = config;
  const wrong = (reason: string, remedy: string): PartStatus => ({
    name: "sharing",
    state: "degraded",
    reason,
    remedy,
  });
  if (share.listed === "off") return undefined;
  if (isListed(config) && configuredDirectories(config).length === 0) {
    return wrong(
      "share.listed says that directories may list this relay, but none is named.",
      "Set directories.addresses, or path.core, to addresses that the people who run them hand out.",
    );
  }
  const unlocked = smp.createPassword === "" ||
    xftp.enabled && xftp.createPassword === "";
  if (share.listed === "friends" && unlocked) {
    return wrong(
      'share.listed is "friends", but nothing asks for a password, so that everybody who finds the address can create queues.',
      "Set smp.create_password, and xftp.create_password if files are kept. The password is then part of the address.",
    );
  }
  if (share.listed === "public" && smp.createPassword !== "") {
    return wrong(
      'share.listed is "public", but smp.create_password keeps strangers from creating queues.',
      'Leave smp.create_password empty, and use share.own_password for yourself; or set share.listed to "friends".',
    );
  }
  return undefined;
}

/** Whether the relay is to be listed; not after the day on which it goes. */
export function isListed({ share }: Config): boolean {
  const leaves = leavesAt(share.leaving);
  return share.listed !== "off" &&
    (leaves === undefined || leaves * 1000 > Date.now());
}

/** The end of that day (UTC), seconds since 1970. */
export function leavesAt(date: string): number | undefined {
  const start = date === "" ? NaN : Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(start) ? undefined : start / 1000 + 86_400;
}
