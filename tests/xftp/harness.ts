/**
 * An XFTP server on a TLS listener of its own, and clients of it.
 *
 * @module
 */

import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import {
  type AuthKeyPair,
  generateAuthKeyPair,
  sha256,
} from "../../relay/crypto/mod.ts";
import { createIdentity, type Identity } from "../../relay/identity/mod.ts";
import { openSqliteStore, type Store } from "../../relay/store/mod.ts";
import {
  dialTls,
  listenTls,
  type ListenTlsOptions,
  type TlsListener,
} from "../../relay/transport/mod.ts";
import { XftpClient, XftpClientError } from "../../relay/xftp/client/mod.ts";
import { type XftpOptions, XftpServer } from "../../relay/xftp/server/mod.ts";
import {
  type DiskFileStore,
  type DiskFileStoreOptions,
  openDiskFileStore,
} from "../../relay/xftp/store/mod.ts";
import { supportedXftpVersions } from "../../relay/xftp/versions.ts";
import { XftpCounts } from "./counts.ts";

/** Size of the chunks in most tests, as in the reference's: bytes. */
export const CHUNK = 128 * 1024;

/** Settings that tests change. */
export interface HarnessOptions {
  readonly xftp?: Partial<XftpOptions>;
  readonly files?: Partial<DiskFileStoreOptions>;
  readonly tls?: Partial<ListenTlsOptions>;
  readonly now?: () => number;
}

/** A running XFTP server with its data. */
export class Harness implements AsyncDisposable {
  readonly directory: string;
  readonly identity: Identity;
  readonly errors: unknown[] = [];
  #parts!: {
    store: Store;
    files: DiskFileStore;
    server: XftpServer;
    listener: TlsListener;
  };
  statistics = new XftpCounts();

  private constructor(directory: string, identity: Identity) {
    this.directory = directory;
    this.identity = identity;
  }

  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const directory = await Deno.makeTempDir();
    const identity = await createIdentity(directory);
    const harness = new Harness(directory, identity);
    await harness.open(options);
    return harness;
  }

  /** Starts on what is in the directory. */
  async open(options: HarnessOptions = {}): Promise<void> {
    const { identity } = this;
    const onError = (error: unknown) => void this.errors.push(error);
    const store = await openSqliteStore({ dir: this.directory });
    const files = await openDiskFileStore({
      store,
      directory: this.filesDirectory,
      quota: 1024 ** 3,
      onError,
      ...options.files,
    });
    const server = new XftpServer({
      identity,
      files,
      statistics: this.statistics,
      onError,
      now: options.now,
      options: {
        versions: supportedXftpVersions,
        newFiles: true,
        chunkSizes: [64 * 1024, CHUNK, 256 * 1024, 1024 ** 2, 4 * 1024 ** 2],
        fileExpiryCheckMs: 3_600_000,
        uploadTimeoutMs: 60_000,
        downloadStallMs: 60_000,
        handshakeTimeoutMs: 60_000,
        inactiveCheckMs: 1000,
        requestsPerConnection: 64,
        transfers: 64,
        browsers: true,
        ...options.xftp,
      },
    });
    await server.start();
    const listener = listenTls({
      addresses: [{ hostname: "127.0.0.1", port: 0 }],
      credentials: { certificates: identity.chainPem, key: identity.keyPem },
      alpn: ["xftp/1"],
      onConnection: (connection) => server.serve(connection),
      onHandlerError: onError,
      ...options.tls,
    });
    this.#parts = { store, files, server, listener };
  }

  get filesDirectory(): string {
    return join(this.directory, "files");
  }

  get server(): XftpServer {
    return this.#parts.server;
  }

  get files(): DiskFileStore {
    return this.#parts.files;
  }

  get store(): Store {
    return this.#parts.store;
  }

  get port(): number {
    return this.#parts.listener.addresses[0].port;
  }

  /** A client with a session. */
  async client(): Promise<XftpClient> {
    const connection = await dialTls("127.0.0.1", this.port, {
      alpn: ["xftp/1"],
    });
    return await XftpClient.start(connection, {
      fingerprint: this.identity.fingerprint,
      versions: supportedXftpVersions,
    });
  }

  /** Names of the contents that are on disk. */
  contents(): string[] {
    return Array.from(Deno.readDirSync(this.filesDirectory), (e) => e.name);
  }

  /** Stops everything; the data stays. */
  async close(): Promise<void> {
    const { store, files, server, listener } = this.#parts;
    await listener.stop();
    await server.stop();
    await files[Symbol.asyncDispose]();
    await store.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** A chunk that can be sent, with its keys. */
export interface TestChunk {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly size: number;
  readonly digest: Uint8Array;
  readonly sender: AuthKeyPair;
  readonly recipient: AuthKeyPair;
}

/** A chunk with random content. */
export function randomChunk(
  size = CHUNK,
  algorithm: "ed25519" | "x25519" | "ed448" = "ed25519",
): TestChunk {
  const content = new Uint8Array(size);
  randomFillSync(content);
  return {
    content,
    size,
    digest: sha256(content),
    sender: generateAuthKeyPair(algorithm),
    recipient: generateAuthKeyPair(algorithm),
  };
}

/** Access of the sender and of the one recipient of a chunk. */
export interface Access {
  readonly sender: { id: Uint8Array; key: AuthKeyPair["privateKey"] };
  readonly recipient: { id: Uint8Array; key: AuthKeyPair["privateKey"] };
}

/** Announces a chunk with one recipient. */
export async function create(
  client: XftpClient,
  chunk: TestChunk,
  password?: string,
): Promise<Access> {
  const { senderId, recipientIds } = await client.create({
    size: chunk.size,
    digest: chunk.digest,
    senderKeys: chunk.sender,
    recipientKeys: [chunk.recipient.publicKey],
    password,
  });
  return {
    sender: { id: senderId, key: chunk.sender.privateKey },
    recipient: { id: recipientIds[0], key: chunk.recipient.privateKey },
  };
}

/** The error that the relay answers. */
export async function refusalOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    if (error instanceof XftpClientError && error.refusal) {
      return error.refusal.type;
    }
    throw error;
  }
  return "no error";
}
