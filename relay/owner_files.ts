/**
 * What the owner sees of files, and what the owner may do with them: as
 * `delete` and `block` of the reference's control port (simplexmq 6.5.5,
 * `Simplex.FileTransfer.Server.Control`).
 *
 * @module
 */

import type {
  FileChangeAnswer,
  FileControl,
  FilePieceAnswer,
  FileStatisticsAnswer,
} from "./control/mod.ts";
import { blockingAnswer, blockingInfo } from "./blocking_words.ts";
import type { FileServer } from "./file_server.ts";
import type { FileOverview } from "./xftp/server/mod.ts";

/** Changes of one question that are made at a time. */
const AT_A_TIME = 32;

/**
 * Files of `fileServer`. `mayBlock` throws when nothing may be blocked any
 * more today.
 */
export function fileControl(
  { server, statistics }: FileServer,
  mayBlock: () => void,
): FileControl {
  const known = (ids: readonly Uint8Array[]) =>
    ids.filter((id) => server.fileStatus(id) !== undefined);
  const change = async (
    ids: readonly Uint8Array[],
    action: (id: Uint8Array) => Promise<boolean>,
  ): Promise<FileChangeAnswer | undefined> => {
    const here = known(ids);
    if (here.length === 0) return undefined;
    let changed = 0;
    for (let at = 0; at < here.length; at += AT_A_TIME) {
      const some = here.slice(at, at + AT_A_TIME);
      const done = await Promise.all(some.map(action));
      changed += done.filter((each) => each).length;
    }
    return { changed, missing: ids.length - here.length };
  };
  return {
    status(ids) {
      const pieces = ids.map((id) => server.fileStatus(id))
        .filter((file) => file !== undefined);
      if (pieces.length === 0) return undefined;
      const missing = ids.length - pieces.length;
      return { pieces: pieces.map(pieceAnswer), missing };
    },
    async block(ids, info) {
      if (known(ids).length === 0) return undefined;
      mayBlock();
      statistics.add("blockRequests");
      const blocking = blockingInfo(info);
      return await change(ids, (id) => server.blockFile(id, blocking));
    },
    delete: (ids) => change(ids, (id) => server.deleteFile(id)),
  };
}

function pieceAnswer(
  { size, createdAt, uploaded, status }: FileOverview,
): FilePieceAnswer {
  return {
    size,
    created: new Date(createdAt * 1000).toISOString(),
    uploaded,
    status: status.type,
    blocking: status.type === "blocked"
      ? blockingAnswer(status.info)
      : undefined,
  };
}

/** What was counted about files. */
export function fileStatistics(
  { statistics, files }: FileServer,
): FileStatisticsAnswer {
  return {
    since: new Date(statistics.since).toISOString(),
    periodSince: new Date(statistics.from).toISOString(),
    total: statistics.snapshot(),
    period: statistics.growth,
    downloaded: statistics.downloaded.estimates,
    stored: files.counts(),
  };
}
