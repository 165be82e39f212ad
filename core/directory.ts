/**
 * The core's directory, as the settings want it.
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import { Directory } from "../directory/mod.ts";
import type { Identity } from "../relay/identity/mod.ts";
import type { Log } from "../relay/log.ts";
import { AddressError } from "../relay/smp/mod.ts";
import { VERSION } from "../relay/version.ts";
import { type CoreAddress, parseCoreAddress } from "../tunnel/core_address.ts";
import { CoreError } from "./errors.ts";

/** The directory; `undefined` when it is switched off. */
export function openDirectory(
  { data, directory }: Config,
  { identity, log, allowLocal }: {
    readonly identity: Identity;
    readonly log: Log;
    /** Probe private addresses as well: for tests. */
    readonly allowLocal?: boolean;
  },
): Directory | undefined {
  if (!directory.enabled) return undefined;
  return new Directory({
    identity,
    path: join(data.directory, "directory.db"),
    software: `porchlight ${VERSION}`,
    contact: directory.contact || undefined,
    maxRelays: directory.maxRelays,
    workBits: directory.workBits,
    heartbeatSeconds: Math.round(directory.heartbeatMs / 1000),
    probeIntervalMs: directory.probeIntervalMs,
    probesAtOnce: directory.probesAtOnce,
    probationDays: directory.probationDays,
    peers: directory.peers.map(peerAddress),
    pullIntervalMs: directory.pullIntervalMs,
    onError: (message, error) => log.error(message, error),
    allowLocal,
  });
}

/** @throws {CoreError} */
function peerAddress(text: string): CoreAddress {
  try {
    return parseCoreAddress(text);
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause;
    throw new CoreError(`directory.peers holds "${text}". ${cause.message}`, {
      cause,
    });
  }
}
