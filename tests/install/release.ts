/**
 * A release to install from, on a web server of its own.
 *
 * @module
 */

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { join } from "node:path";
import { installerOf } from "../../build/installer.ts";

/** The architecture of this machine, as the names of artifacts have it. */
export const TARGET = `${Deno.build.arch}-linux`;

/** A folder of releases, served over HTTP. */
export class TestReleases implements AsyncDisposable {
  readonly directory: string;
  readonly #keys = generateKeyPairSync("ed25519");
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(directory: string) {
    this.directory = directory;
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
    }, (request) => this.#answer(new URL(request.url).pathname));
  }

  /** Starts with no release. */
  static async start(): Promise<TestReleases> {
    const releases = new TestReleases(await Deno.makeTempDir());
    await Deno.writeTextFile(
      releases.installer,
      await installerOf({
        publicKey: releases.#keys.publicKey.export({
          type: "spki",
          format: "pem",
        }).toString(),
        baseUrl: `http://127.0.0.1:${releases.#server.addr.port}`,
      }),
    );
    return releases;
  }

  /** Path of `install.sh`. */
  get installer(): string {
    return join(this.directory, "install.sh");
  }

  /** Path of a file of a release. */
  file(folder: string, name: string): string {
    return join(this.directory, folder, name);
  }

  /** Adds a release and makes it the newest stable one. */
  async add(version: string, executable: Uint8Array): Promise<void> {
    const name = `porchlight-${TARGET}`;
    const files: Readonly<Record<string, Uint8Array>> = {
      VERSION: new TextEncoder().encode(`${version}\n`),
      [name]: executable,
    };
    const sums = Object.entries(files).map(([name, bytes]) =>
      `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`
    ).join("");
    const all: Readonly<Record<string, Uint8Array>> = {
      ...files,
      SHA256SUMS: new TextEncoder().encode(sums),
      "SHA256SUMS.sig": sign(
        null,
        new TextEncoder().encode(sums),
        this.#keys.privateKey,
      ),
    };
    for (const folder of [version, "stable"]) {
      await Deno.mkdir(join(this.directory, folder), { recursive: true });
      for (const [file, bytes] of Object.entries(all)) {
        if (folder === "stable" && file === name) continue;
        await Deno.writeFile(this.file(folder, file), bytes);
      }
    }
  }

  async #answer(path: string): Promise<Response> {
    try {
      return new Response(await Deno.readFile(join(this.directory, path)));
    } catch {
      return new Response(null, { status: 404 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await Deno.remove(this.directory, { recursive: true });
  }
}
