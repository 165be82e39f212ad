/**
 * Uploading the chunks of one file: each to one of the relays, to another one
 * if that fails, and gone again if the file cannot be sent.
 *
 * @module
 */

import { randomInt } from "node:crypto";
import {
  type AuthKeyPair,
  generateAuthKeyPair,
  sha256,
} from "../../crypto/mod.ts";
import type { ServerAddress } from "../../smp/mod.ts";
import { type ChunkAccess, XftpClientError } from "../client/mod.ts";
import { TransferError } from "./error.ts";
import type { Relays } from "./relays.ts";

/** Recipients in one command: their keys and IDs have to fit into a block. */
const RECIPIENTS_AT_ONCE = 200;

/** A chunk that is on a relay. */
export interface SentChunk {
  readonly server: ServerAddress;
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly digest: Uint8Array;
  readonly sender: ChunkAccess;
  /** One for each recipient of the file. */
  readonly recipients: readonly ChunkAccess[];
}

/** What the uploads of one file share. */
export interface UploaderOptions {
  readonly relays: Relays;
  readonly servers: readonly ServerAddress[];
  /** How many recipients the file has. */
  readonly recipients: number;
  /** Bytes that went through; negative when they have to go again. */
  readonly onProgress?: (bytes: number) => void;
}

/** Uploads chunks. */
export class Uploader {
  readonly #options: UploaderOptions;
  /** Relays that have not failed for good. */
  readonly #usable: Set<ServerAddress>;
  readonly #failures = new Map<ServerAddress, XftpClientError>();
  /** What was announced and is not known to be wanted. */
  readonly #leftovers = new Set<{
    readonly server: ServerAddress;
    readonly sender: ChunkAccess;
  }>();

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#usable = new Set(options.servers);
  }

  /**
   * Uploads a chunk to a relay that takes it.
   *
   * @throws {TransferError} `relay` when none does
   */
  async upload(content: Uint8Array): Promise<SentChunk> {
    const digest = sha256(content);
    for (;;) {
      const servers = [...this.#usable];
      if (servers.length === 0) throw this.#noneTakesIt();
      const server = servers[randomInt(servers.length)];
      try {
        return await this.#uploadTo(server, { content, digest });
      } catch (error) {
        if (!(error instanceof XftpClientError)) throw error;
        this.#usable.delete(server);
        this.#failures.set(server, error);
      }
    }
  }

  /** The uploaded chunks are wanted; what is left over is not. */
  keep(chunks: Iterable<SentChunk>): void {
    const wanted = new Set([...chunks].map(({ sender }) => sender));
    for (const each of this.#leftovers) {
      if (wanted.has(each.sender)) this.#leftovers.delete(each);
    }
  }

  /**
   * Deletes what was announced and is not kept, as far as that works: a relay
   * deletes the rest when it expires.
   */
  async discard(relays: Relays): Promise<void> {
    await Promise.allSettled(
      [...this.#leftovers].map(({ server, sender }) =>
        relays.use(server, (client) => client.delete(sender))
      ),
    );
  }

  async #uploadTo(
    server: ServerAddress,
    { content, digest }: { content: Uint8Array; digest: Uint8Array },
  ): Promise<SentChunk> {
    const { relays } = this.#options;
    const senderKeys = generateAuthKeyPair("ed25519");
    const keys = Array.from(
      { length: this.#options.recipients },
      () => generateAuthKeyPair("ed25519"),
    );
    const size = content.length;
    const [first, ...more] = batches(keys);
    const { senderId, recipientIds } = await relays.use(
      server,
      (client) =>
        client.create({
          size,
          digest,
          senderKeys,
          recipientKeys: first.map(({ publicKey }) => publicKey),
          password: server.password,
        }),
    );
    const sender = { id: senderId, key: senderKeys.privateKey };
    this.#leftovers.add({ server, sender });
    const ids = [...recipientIds];
    for (const batch of more) {
      ids.push(
        ...await relays.use(
          server,
          (client) =>
            client.addRecipients(
              sender,
              batch.map(({ publicKey }) => publicKey),
            ),
        ),
      );
    }
    await relays.use(server, async (client) => {
      let done = 0;
      const onProgress = (bytes: number) => {
        done += bytes;
        this.#options.onProgress?.(bytes);
      };
      try {
        await client.upload(sender, content, { onProgress });
      } catch (error) {
        this.#options.onProgress?.(-done);
        throw error;
      }
    });
    const recipients = ids.map((id, i) => ({ id, key: keys[i].privateKey }));
    return { server, size, digest, sender, recipients };
  }

  #noneTakesIt(): TransferError {
    const why = [...this.#failures].map(([{ hosts }, { message }]) =>
      `${hosts[0]}: ${message}.`
    );
    const [cause] = this.#failures.values();
    return new TransferError("relay", why.join("\n"), { cause });
  }
}

function batches(keys: readonly AuthKeyPair[]): AuthKeyPair[][] {
  const all: AuthKeyPair[][] = [];
  for (let i = 0; i < keys.length; i += RECIPIENTS_AT_ONCE) {
    all.push(keys.slice(i, i + RECIPIENTS_AT_ONCE));
  }
  return all;
}
