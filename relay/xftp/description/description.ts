/**
 * File descriptions: what a recipient needs to download a file, or its sender
 * to delete it (simplexmq 6.5.5, `FileDescription` in
 * `Simplex.FileTransfer.Description`). A file that was only described cannot
 * be downloaded by anyone else, so a description is a secret.
 *
 * @module
 */

import type { PrivateAuthKey } from "../../crypto/mod.ts";
import type { ServerAddress } from "../../smp/mod.ts";

/** A copy of a chunk on a server. */
export interface FileReplica {
  /** `xftp`, without password. */
  readonly server: ServerAddress;
  /** The recipient's, or sender's, ID of the chunk. */
  readonly replicaId: Uint8Array;
  /** The key that goes with the ID. */
  readonly replicaKey: PrivateAuthKey;
}

/** A part of the encrypted file. */
export interface FileChunk {
  /** From 1. */
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly digest: Uint8Array;
  /** At least one; which is asked first is the client's choice. */
  readonly replicas: readonly FileReplica[];
}

/** The file that the described file describes, for long descriptions. */
export interface RedirectedFile {
  /** Bytes of that file encrypted. */
  readonly size: number;
  /** SHA-512 of that file encrypted, 64 bytes. */
  readonly digest: Uint8Array;
}

/** An encrypted file and where its chunks are. */
export interface FileDescription {
  readonly party: "recipient" | "sender";
  /** Bytes of the encrypted file: the sum of its chunks. */
  readonly size: number;
  /** SHA-512 of the encrypted file, 64 bytes. */
  readonly digest: Uint8Array;
  /** Key of the encryption, 32 bytes. */
  readonly key: Uint8Array;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** Size of the chunks of which the text does not say another. */
  readonly chunkSize: number;
  /** In the order of their numbers. */
  readonly chunks: readonly FileChunk[];
  /** The content of this file is the description of another. */
  readonly redirect?: RedirectedFile;
}

/** Bytes of a file's digest, SHA-512. */
export const FILE_DIGEST_SIZE = 64;
/** Largest size of a chunk that the protocol can say, in bytes. */
export const MAX_CHUNK_SIZE = 0xffff_ffff;
/** Bytes of a chunk's digest, SHA-256. */
export const CHUNK_DIGEST_SIZE = 32;

/** A text is not a file description; the message is for its owner. */
export class DescriptionError extends Error {
  override readonly name = "DescriptionError";

  constructor(detail: string, options?: ErrorOptions) {
    super(`This is not a usable file description: ${detail}.`, options);
  }
}

/**
 * Checks that numbers and sizes of the chunks fit together
 * (`validateFileDescription`).
 *
 * @throws {DescriptionError} when they do not
 */
export function validateDescription(description: FileDescription): void {
  const { chunks, size } = description;
  if (chunks.length === 0) {
    throw new DescriptionError("it names no part of the file");
  }
  if (chunks.some(({ number }, i) => number !== i + 1)) {
    throw new DescriptionError("parts of the file are missing");
  }
  if (chunks.some(({ replicas }) => replicas.length === 0)) {
    throw new DescriptionError("it does not say where a part is");
  }
  if (chunks.some((chunk) => chunk.size > MAX_CHUNK_SIZE)) {
    throw new DescriptionError("one of its parts is too large");
  }
  if (chunks.reduce((sum, chunk) => sum + chunk.size, 0) !== size) {
    throw new DescriptionError("its parts are not as large as the file");
  }
}
