/**
 * A real repository on a web server of this machine, made by the release tool,
 * which tests may spoil.
 *
 * @module
 */

import { join, normalize } from "node:path";
import { serveDirectory } from "./file_server.ts";
import {
  addRelease,
  createRepository,
  type NewRelease,
  type Place,
} from "../../release/repository.ts";
import { targetOf } from "../../update/mod.ts";

/** The machine that the tests run on. */
export const TARGET = targetOf(Deno.build);

/** A repository with keys of its own. */
export class TestRepository implements AsyncDisposable {
  readonly #directory: string;
  readonly #server: ReturnType<typeof serveDirectory>;
  readonly place: Place;

  private constructor(directory: string) {
    this.#directory = directory;
    this.place = {
      repository: join(directory, "repository"),
      keys: join(directory, "keys"),
      rootKeys: join(directory, "root-keys"),
      passphrases: () => "a passphrase for tests",
      cost: 1024,
    };
    this.#server = serveDirectory(this.place.repository);
  }

  /** Makes the keys and an empty repository, and serves it. */
  static async start(): Promise<TestRepository> {
    const directory = await Deno.makeTempDir();
    const repository = new TestRepository(directory);
    await createRepository(repository.place, {
      rootKeys: 1,
      rootThreshold: 1,
    });
    return repository;
  }

  /** Base address. */
  get url(): string {
    return this.#server.url;
  }

  /** What the web server is told to do wrong, and what it was asked. */
  get server(): ReturnType<typeof serveDirectory> {
    return this.#server;
  }

  /** The first root, which programs bring with them. */
  get root(): string {
    return join(this.place.repository, "tuf/1.root.json");
  }

  /** Path of a file in the repository. */
  path(name: string): string {
    return join(this.place.repository, normalize(name));
  }

  /** Releases an executable with this text. */
  async release(
    version: string,
    text: string,
    rest: Partial<NewRelease> = {},
  ): Promise<void> {
    const file = join(this.#directory, `porchlight-${TARGET}`);
    await Deno.writeTextFile(file, text);
    await addRelease(this.place, {
      version,
      channel: "stable",
      percent: 100,
      files: [file],
      ...rest,
    });
  }

  /** Keeps the signed lists as they are now, to be put back later. */
  async snapshot(): Promise<() => Promise<void>> {
    const lists = this.path("tuf");
    const kept = join(this.#directory, crypto.randomUUID());
    await copyFiles(lists, kept);
    return async () => {
      await Deno.remove(lists, { recursive: true });
      await copyFiles(kept, lists);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

async function copyFiles(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(join(from, name), join(to, name));
  }
}
