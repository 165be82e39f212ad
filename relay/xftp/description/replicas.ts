/**
 * Chunks as they stand in a file description, by server (simplexmq 6.5.5,
 * `groupReplicasByServer`, `encodeServerReplica`, `foldReplicasToChunks` in
 * `Simplex.FileTransfer.Description`).
 *
 * ```text
 * replica = number ":" ID ":" private key, PKCS #8 [":" digest [":" size]]
 * ```
 *
 * Bytes are base64url. The first replica of a chunk has the digest, and the
 * size where it is not that of most chunks.
 *
 * @module
 */

import {
  decodePrivateAuthKey,
  encodePrivateAuthKey,
  type PrivateAuthKey,
} from "../../crypto/mod.ts";
import type { ServerAddress } from "../../smp/mod.ts";
import { equalBytes, fromBase64Url, toBase64Url } from "../../wire/mod.ts";
import {
  CHUNK_DIGEST_SIZE,
  DescriptionError,
  type FileChunk,
  type FileReplica,
} from "./description.ts";
import { formatFileSize, parseFileSize } from "./file_size.ts";
import { compareServers } from "./server_order.ts";

/** A server and the replicas on it, as text. */
export interface ServerReplicas {
  readonly server: ServerAddress;
  readonly replicas: readonly string[];
}

/** The chunks by server; servers and replicas in the reference's order. */
export function groupByServer(
  chunks: readonly FileChunk[],
  chunkSize: number,
): ServerReplicas[] {
  const replicas = chunks.flatMap((chunk) =>
    chunk.replicas.map((replica, i) => ({
      server: replica.server,
      text: formatReplica(replica, chunk) +
        (i === 0 ? formatDigest(chunk, chunkSize) : ""),
    }))
  );
  replicas.sort((a, b) => compareServers(a.server, b.server));
  const groups: { server: ServerAddress; replicas: string[] }[] = [];
  for (const { server, text } of replicas) {
    const group = groups.at(-1);
    if (group !== undefined && compareServers(group.server, server) === 0) {
      group.replicas.push(text);
    } else {
      groups.push({ server, replicas: [text] });
    }
  }
  return groups;
}

/**
 * The chunks in the order of their numbers; replicas of a chunk are in the
 * order of their servers.
 *
 * @throws {DescriptionError} when a replica cannot be read, replicas of a
 * chunk contradict each other, or none has the digest
 */
export function chunksOf(
  groups: readonly ServerReplicas[],
  chunkSize: number,
): FileChunk[] {
  const drafts = new Map<number, ChunkDraft>();
  for (const { server, replicas } of groups) {
    for (const text of replicas) addReplica(drafts, server, text);
  }
  return [...drafts.values()].sort((a, b) => a.number - b.number)
    .map((draft) => {
      const { number, replicas, digest } = draft;
      if (digest === undefined) {
        throw new DescriptionError("the digest of a part is missing");
      }
      return { number, size: draft.size ?? chunkSize, digest, replicas };
    });
}

interface ChunkDraft {
  readonly number: number;
  readonly replicas: FileReplica[];
  size?: number;
  digest?: Uint8Array;
}

function addReplica(
  drafts: Map<number, ChunkDraft>,
  server: ServerAddress,
  text: string,
): void {
  const replica = parseReplica(text);
  const { number, replicaId, replicaKey, digest, size } = replica;
  let draft = drafts.get(number);
  if (draft === undefined) {
    draft = { number, replicas: [] };
    drafts.set(number, draft);
  }
  if (
    (digest && draft.digest && !equalBytes(digest, draft.digest)) ||
    (size !== undefined && (draft.size ?? size) !== size)
  ) {
    throw new DescriptionError("it contradicts itself about a part");
  }
  draft.digest ??= digest;
  draft.size ??= size;
  draft.replicas.push({ server, replicaId, replicaKey });
}

function formatReplica(replica: FileReplica, chunk: FileChunk): string {
  const key = toBase64Url(encodePrivateAuthKey(replica.replicaKey));
  return `${chunk.number}:${toBase64Url(replica.replicaId)}:${key}`;
}

function formatDigest(chunk: FileChunk, chunkSize: number): string {
  const size = chunk.size === chunkSize ? "" : `:${formatFileSize(chunk.size)}`;
  return `:${toBase64Url(chunk.digest)}${size}`;
}

interface ParsedReplica {
  readonly number: number;
  readonly replicaId: Uint8Array;
  readonly replicaKey: PrivateAuthKey;
  readonly digest?: Uint8Array;
  readonly size?: number;
}

const MAX_ID_SIZE = 255;

function parseReplica(text: string): ParsedReplica {
  const parts = text.split(":");
  const [number, id, keyText, digestText, sizeText] = parts;
  const replicaId = fromBase64Url(id ?? "");
  const replicaKey = decodePrivateAuthKey(
    fromBase64Url(keyText ?? "") ?? new Uint8Array(0),
  );
  const digest = digestText === undefined
    ? undefined
    : fromBase64Url(digestText);
  const size = sizeText === undefined ? undefined : parseFileSize(sizeText);
  if (
    parts.length > 5 || !/^\d{1,9}$/.test(number) ||
    !replicaId?.length || replicaId.length > MAX_ID_SIZE || !replicaKey ||
    (digestText !== undefined && digest?.length !== CHUNK_DIGEST_SIZE) ||
    (sizeText !== undefined && size === undefined)
  ) {
    throw new DescriptionError("one of its parts cannot be read");
  }
  return { number: Number(number), replicaId, replicaKey, digest, size };
}
