/**
 * Deleting a file that was sent, for everybody.
 *
 * @module
 */

import { XftpClientError } from "../client/mod.ts";
import type { FileDescription } from "../description/mod.ts";
import { TransferError } from "./error.ts";
import { inOrder } from "./in_order.ts";
import { Relays, type RelaysOptions } from "./relays.ts";
import { accessTo } from "./replicas.ts";

/** Chunks that are deleted at a time. */
const DELETIONS = 8;

/** What became of the chunks. */
export interface DeletedFile {
  readonly deleted: number;
  /** Chunks that the relays did not have any more, or never had. */
  readonly gone: number;
}

/**
 * Deletes a file from its relays.
 *
 * @throws {TransferError} `content` when the description is not the sender's,
 * `relay` when a relay cannot be reached: what it has is still there
 * @throws the reason of `signal`
 */
export async function deleteFile(
  description: FileDescription,
  options: RelaysOptions = {},
): Promise<DeletedFile> {
  if (description.party !== "sender") {
    throw new TransferError(
      "content",
      "This is a recipient's description: it receives the file. To delete it " +
        "you need the sender's.",
    );
  }
  await using relays = new Relays(options);
  const failures = new Map<string, Error>();
  let deleted = 0;
  let gone = 0;
  const replicas = description.chunks.flatMap(({ replicas }) => replicas);
  const tasks = inOrder(replicas, {
    limit: DELETIONS,
    run: async (replica) => {
      const { server } = replica;
      try {
        await relays.use(
          server,
          (client) => client.delete(accessTo(replica)),
        );
        deleted++;
      } catch (error) {
        if (!(error instanceof XftpClientError)) throw error;
        if (error.refusal?.type === "AUTH") gone++;
        else failures.set(server.hosts[0], error);
      }
    },
  });
  for await (const _ of tasks);
  if (failures.size > 0) {
    const why = [...failures].map(([host, { message }]) =>
      `${host}: ${message}.`
    );
    const [cause] = failures.values();
    throw new TransferError(
      "relay",
      ["A part of the file could not be deleted; try again later.", ...why]
        .join("\n"),
      { cause },
    );
  }
  return { deleted, gone };
}
