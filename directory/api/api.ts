/**
 * The directory's REST API: which route does what, and how often one network
 * may ask for it. `docs/openapi.yaml` describes it.
 *
 * Answers with 401 end it for good; 429 and 5xx say when to come back
 * (`Retry-After`).
 *
 * @module
 */

import type { Http1Request, Http1Response } from "../../relay/http1/mod.ts";
import { problem } from "./answers.ts";
import { type LimitRule, NetworkLimit } from "./network_limit.ts";
import { PublicRoutes, type PublicRoutesOptions } from "./public_routes.ts";
import { RelayRoutes, type RelayRoutesOptions } from "./relay_routes.ts";

/** What the API is made of. */
export interface ApiOptions
  extends PublicRoutesOptions, Omit<RelayRoutesOptions, "fingerprint"> {
  /** How often one network may ask; for tests and benchmarks. */
  readonly limits?: Partial<Readonly<Record<LimitName, LimitRule>>>;
}

/** What is limited together. */
export type LimitName = "register" | "report" | "read" | "sync";

/** How often an IPv4 /24 or an IPv6 /48 may ask. */
export const LIMITS: Readonly<Record<LimitName, LimitRule>> = {
  register: { burst: 6, refillMs: 600_000 },
  report: { burst: 120, refillMs: 500 },
  read: { burst: 120, refillMs: 500 },
  sync: { burst: 300, refillMs: 1_000 },
};

/** A route of the API. */
export interface Route {
  readonly method: "GET" | "POST";
  /** `{name}` stands for one segment. */
  readonly path: string;
  readonly limit: LimitName;
}

/** All routes, as in `docs/openapi.yaml`. */
export const ROUTES = [
  { method: "GET", path: "/v1/params", limit: "read" },
  { method: "POST", path: "/v1/register", limit: "register" },
  { method: "POST", path: "/v1/heartbeat", limit: "report" },
  { method: "POST", path: "/v1/leave", limit: "report" },
  { method: "GET", path: "/v1/relays", limit: "read" },
  { method: "GET", path: "/v1/relays/{fingerprint}/history", limit: "read" },
  { method: "POST", path: "/v1/invite", limit: "report" },
  { method: "GET", path: "/v1/sync", limit: "sync" },
] as const satisfies readonly Route[];

type Path = (typeof ROUTES)[number]["path"];

type Handler = (
  request: { body: Uint8Array; query: URLSearchParams; segment: string },
) => Http1Response | Promise<Http1Response>;

/** Answers requests to the API. */
export class DirectoryApi {
  readonly #limits: Readonly<Record<LimitName, NetworkLimit>>;
  readonly #handlers: Readonly<Record<Path, Handler>>;
  #served = 0;
  #refused = 0;

  constructor(options: ApiOptions) {
    const limit = (name: LimitName) =>
      new NetworkLimit(options.limits?.[name] ?? LIMITS[name]);
    this.#limits = {
      register: limit("register"),
      report: limit("report"),
      read: limit("read"),
      sync: limit("sync"),
    };
    const open = new PublicRoutes(options);
    const { fingerprint } = options.identity;
    const relay = new RelayRoutes({ ...options, fingerprint });
    this.#handlers = {
      "/v1/params": () => open.params(),
      "/v1/register": ({ body }) => relay.register(body),
      "/v1/heartbeat": ({ body }) => relay.heartbeat(body),
      "/v1/leave": ({ body }) => relay.leave(body),
      "/v1/relays": ({ query }) => open.relays(query),
      "/v1/relays/{fingerprint}/history": ({ query, segment }) =>
        open.history(query, segment),
      "/v1/invite": ({ body }) => relay.invite(body),
      "/v1/sync": ({ query }) => open.sync(query),
    };
  }

  /** Requests that were answered, and that came too often. */
  get counts(): { readonly served: number; readonly refused: number } {
    return { served: this.#served, refused: this.#refused };
  }

  /** Whether the path is one of the API. */
  isFor(target: string): boolean {
    return target.startsWith("/v1/");
  }

  /** Answers a request that came from the IP address `source`. */
  async handle(
    request: Http1Request,
    source: string,
  ): Promise<Http1Response> {
    const [path, search = ""] = request.target.split("?", 2);
    const found = find(path);
    if (found === undefined) {
      return problem("not found", "There is nothing at this path.");
    }
    const { route, segment } = found;
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (method !== route.method) {
      return problem("wrong method", `This path takes ${route.method}.`);
    }
    const wait = this.#limits[route.limit].take(source);
    if (wait !== undefined) {
      this.#refused++;
      return problem(
        "too often",
        "Your network asks too often. Wait, and ask again.",
        { retryAfter: Math.ceil(wait / 1000 * (1 + Math.random())) },
      );
    }
    this.#served++;
    return await this.#handlers[route.path]({
      body: request.body,
      query: new URLSearchParams(search),
      segment,
    });
  }
}

const PATTERNS = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{\w+\}/, "([^/]{1,64})")}$`),
}));

function find(path: string) {
  for (const { route, pattern } of PATTERNS) {
    const match = pattern.exec(path);
    if (match !== null) {
      return { route, segment: decoded(match[1] ?? "") };
    }
  }
  return undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}
