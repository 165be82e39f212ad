/**
 * What the tests of the directory share: identities, descriptors, requests.
 *
 * @module
 */

import { join } from "node:path";
import { serveWeb } from "../core/web.ts";
import { HTTP1_ALPN } from "../relay/http1/mod.ts";
import type { Identity } from "../relay/identity/mod.ts";
import { identityInMemory } from "../relay/identity/testing_identity.ts";
import { listenTls, type TlsListener } from "../relay/transport/mod.ts";
import type { CoreAddress } from "../tunnel/core_address.ts";
import { DirectoryClient, type Signing } from "./client/mod.ts";
import {
  type Descriptor,
  signDescriptor,
  type SignedDescriptor,
} from "./descriptor/mod.ts";
import { Directory, type DirectoryOptions } from "./directory.ts";

/** What a relay for messages might say. */
export function sampleDescriptor(
  { fingerprint }: Pick<Identity, "fingerprint">,
  rest: Partial<Descriptor> = {},
): Descriptor {
  const now = Math.floor(Date.now() / 1000);
  return {
    fingerprint,
    sequence: 1,
    notBefore: now - 60,
    notAfter: now + 7 * 86_400,
    addresses: [{ scheme: "smp", hosts: ["127.0.0.1"], port: 5223 }],
    roles: ["smp"],
    open: true,
    full: false,
    software: "porchlight 0.1.0",
    limits: {},
    ...rest,
  };
}

/** The same, signed. */
export function signedSample(
  identity: Identity,
  rest: Partial<Descriptor> = {},
): SignedDescriptor {
  return signDescriptor(sampleDescriptor(identity, rest), identity);
}

/** A directory on a port of loopback, with a database of its own. */
export class TestDirectory implements AsyncDisposable {
  readonly identity: Identity;
  /** What it complained of. */
  readonly errors: unknown[] = [];
  readonly #folder: string;
  readonly #options: Partial<DirectoryOptions>;
  #directory!: Directory;
  #listener!: TlsListener;

  private constructor(
    identity: Identity,
    folder: string,
    options: Partial<DirectoryOptions>,
  ) {
    this.identity = identity;
    this.#folder = folder;
    this.#options = options;
  }

  /** Starts one, which probes and pulls nothing by itself. */
  static async start(
    options: Partial<DirectoryOptions> = {},
  ): Promise<TestDirectory> {
    const folder = await Deno.makeTempDir();
    const test = new TestDirectory(identityInMemory(), folder, options);
    test.#start(0);
    return test;
  }

  get directory(): Directory {
    return this.#directory;
  }

  get address(): CoreAddress {
    const { fingerprint } = this.identity;
    const [{ port }] = this.#listener.addresses;
    return { fingerprint, hosts: ["127.0.0.1"], port };
  }

  /** A client of it. */
  client(): DirectoryClient {
    return new DirectoryClient(this.address, { timeoutMs: 10_000 });
  }

  /** Stops it and starts it again, on the same data; away until `back`. */
  async restart(back: Promise<unknown> = Promise.resolve()): Promise<void> {
    const { port } = this.address;
    await this.stop();
    await back;
    this.#start(port);
  }

  /** Stops it; its data stays. */
  async stop(): Promise<void> {
    await this.#listener.stop();
    await this.#directory.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }

  #start(port: number): void {
    const { identity, errors } = this;
    this.#directory = new Directory({
      identity,
      path: join(this.#folder, "directory.db"),
      software: "porchlight test",
      maxRelays: 1000,
      workBits: 4,
      heartbeatSeconds: 300,
      probeIntervalMs: 3_600_000,
      probesAtOnce: 4,
      probationDays: 8,
      peers: [],
      pullIntervalMs: 60_000,
      onError: (_message, error) => errors.push(error),
      allowLocal: true,
      ...this.#options,
    });
    this.#listener = listenTls({
      addresses: [{ hostname: "127.0.0.1", port }],
      credentials: { certificates: identity.chainPem, key: identity.keyPem },
      alpn: [HTTP1_ALPN],
      onConnection: (connection, { peer }) =>
        serveWeb(connection, {
          api: this.#directory.handlerFor(peer),
          adopt: () => Promise.resolve(),
          onError: (error) => errors.push(error),
        }),
      onHandlerError: (error) => errors.push(error),
    });
  }
}

/** Signs requests of one machine with this identity. */
export class TestSigner {
  readonly identity: Identity;
  readonly instance = crypto.getRandomValues(new Uint8Array(8));

  constructor(identity: Identity) {
    this.identity = identity;
  }

  /** For the next request; `sequence` unless time has to rise. */
  next(
    sequence = lastSequence = Math.max(lastSequence + 1, Date.now()),
  ): Signing {
    return { identity: this.identity, instance: this.instance, sequence };
  }
}

let lastSequence = 0;
