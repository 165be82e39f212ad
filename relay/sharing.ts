/**
 * Sharing the relay: what is given is counted, and directories are told.
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import type { ReachedAddress } from "./addresses.ts";
import { HEARTBEAT_FILE, isListed, shareProblem } from "./directories.ts";
import type { FileServer } from "./file_server.ts";
import type { Health } from "./health.ts";
import type { Identity } from "./identity/mod.ts";
import type { Share } from "./share/mod.ts";
import { BLOCK_SIZE } from "./smp/mod.ts";
import type { Statistics, StoredCounts } from "./stats/mod.ts";
import type { TlsListener } from "./transport/mod.ts";

/** Parts of a running relay that sharing takes. */
export interface SharingParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly health: Health;
  readonly share: Share;
  readonly statistics: Statistics;
  readonly stored: () => StoredCounts;
  readonly fileServer: FileServer | undefined;
  readonly listener: TlsListener;
  readonly addresses: () => readonly ReachedAddress[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Begins to count and to report; both end with `started`. */
export async function startSharing(
  parts: SharingParts,
  started: AsyncDisposableStack,
): Promise<void> {
  const { config, health, share, statistics, stored, listener } = parts;
  share.start(() => {
    const { blocksReceived, blocksSent, counters } = statistics;
    const fileBytes = parts.fileServer?.server.status.bytesMoved ?? 0;
    return {
      messages: counters.get("msgSent"),
      bytes: (blocksReceived + blocksSent) * BLOCK_SIZE + fileBytes,
      fileBytes,
      connections: listener.stats().open,
    };
  });
  health.add(() => shareProblem(config));
  health.add(() => share.part());
  // Most relays are listed nowhere: they do not load what it takes.
  if (!isListed(config) && !await wasListed(config)) return;
  const { openHeartbeat } = await import("./heartbeat.ts");
  const heartbeat = started.use(
    await openHeartbeat({
      ...parts,
      counts: () => ({
        queues: stored().queues,
        clients: listener.stats().open,
      }),
      onError: (error) => health.report(error),
    }),
  );
  share.onChange = () => heartbeat.changed();
  health.add(() => heartbeat.part());
  heartbeat.start();
}

/** Whether there may be a directory to take leave of. */
async function wasListed({ data }: Config): Promise<boolean> {
  try {
    await Deno.stat(join(data.directory, HEARTBEAT_FILE));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
