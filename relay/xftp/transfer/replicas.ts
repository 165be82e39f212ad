/**
 * Using the copies of a chunk that a description names.
 *
 * @module
 */

import type { ChunkAccess, XftpClient } from "../client/mod.ts";
import { XftpClientError } from "../client/mod.ts";
import type { FileChunk, FileReplica } from "../description/mod.ts";
import { TransferError } from "./error.ts";
import type { Relays } from "./relays.ts";

/** Lets use a replica. */
export function accessTo(replica: FileReplica): ChunkAccess {
  return { id: replica.replicaId, key: replica.replicaKey };
}

/**
 * Does something with the first replica with which it works.
 *
 * @throws {TransferError} `relay` when it works with none
 */
export async function useReplica<T>(
  relays: Relays,
  { replicas }: FileChunk,
  run: (client: XftpClient, replica: FileReplica) => Promise<T>,
): Promise<T> {
  const failures: string[] = [];
  let cause: unknown;
  for (const replica of replicas) {
    const { server } = replica;
    try {
      return await relays.use(server, (client) => run(client, replica));
    } catch (error) {
      if (!(error instanceof XftpClientError)) throw error;
      failures.push(`${server.hosts[0]}: ${error.message}.`);
      cause ??= error;
    }
  }
  throw new TransferError("relay", failures.join("\n"), { cause });
}
