/**
 * The directory for people, on the core's own port.
 *
 * @module
 */

import type { Http1Request, Http1Response } from "../../relay/http1/mod.ts";
import { NetworkLimit } from "../api/mod.ts";
import type { Directory } from "../directory.ts";
import type { PagesApp } from "./app.tsx";
import type { DirectoryFacts } from "./layout.tsx";

/** What the pages are made of. */
export interface DirectoryPagesOptions {
  readonly directory: Directory;
  readonly facts: () => DirectoryFacts;
  /** Told of faults of the pages; must not throw. */
  readonly onError: (error: unknown) => void;
}

/** What one network may look at: a page has three parts. */
const LIMIT = { burst: 150, refillMs: 250 };
const MAX_TARGET = 2000;

/** See the module. */
export class DirectoryPages {
  readonly #options: DirectoryPagesOptions;
  readonly #limit = new NetworkLimit(LIMIT);
  #app: Promise<PagesApp> | undefined;

  constructor(options: DirectoryPagesOptions) {
    this.#options = options;
  }

  /** Answers a request that came from the IP address `source`. */
  async handle(
    { method, target }: Http1Request,
    source: string,
  ): Promise<Http1Response> {
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, fields: { allow: "GET, HEAD" } };
    }
    if (!/^\/(?!\/)[!-~]*$/.test(target) || target.length > MAX_TARGET) {
      return { status: 404 };
    }
    const wait = this.#limit.take(source);
    if (wait !== undefined) {
      return {
        status: 429,
        fields: {
          "retry-after": String(Math.ceil(wait / 1000)),
          "content-type": "text/plain",
        },
        body: "Your network asks too often. Wait a moment.\n",
      };
    }
    const app = await (this.#app ??= this.#load());
    const response = await app(new Request(`http://directory${target}`));
    return {
      status: response.status,
      fields: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  }

  /** Pages are loaded when somebody looks at one. */
  async #load(): Promise<PagesApp> {
    const { pagesApp } = await import("./app.tsx");
    const { directory, facts, onError } = this.#options;
    return pagesApp({ directory, facts: facts(), onError });
  }
}
