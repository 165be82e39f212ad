/**
 * `GET /metrics` over HTTP, for a Prometheus on this machine.
 *
 * @module
 */

import { isIP } from "node:net";
import { stopHttp } from "../http_stop.ts";
import { METRICS_TYPE } from "./metric.ts";

/** A running endpoint. */
export interface MetricsServer {
  /** `http://127.0.0.1:9483/metrics` */
  readonly url: string;
  /** Closes it, after the answers under way. */
  stop(): Promise<void>;
}

/** Where to listen and what to tell. */
export interface MetricsServerOptions {
  /** Address of this machine with a port: `127.0.0.1:9483`, `[::1]:0`. */
  readonly address: string;
  /** The metrics as text. */
  readonly metrics: () => string;
  /** Told what `metrics` threw. */
  readonly onError: (error: unknown) => void;
}

/**
 * Serves the metrics.
 *
 * @throws the errors of `Deno.serve`: the port is taken, or not allowed
 */
export function serveMetrics(options: MetricsServerOptions): MetricsServer {
  const { hostname, port } = split(options.address);
  const server = Deno.serve(
    { hostname, port, onListen: () => {} },
    (request) => answer(request, options),
  );
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `http://${host}:${server.addr.port}/metrics`,
    stop: () => stopHttp(server),
  };
}

function split(address: string): { hostname: string; port: number } {
  const colon = address.lastIndexOf(":");
  return {
    hostname: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"),
    port: Number(address.slice(colon + 1)),
  };
}

function answer(
  request: Request,
  { metrics, onError }: MetricsServerOptions,
): Response {
  const { hostname, pathname } = new URL(request.url);
  // A web page that gives its own name this machine's address reads nothing.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) === 0 && host !== "localhost") {
    return new Response("Forbidden\n", { status: 403 });
  }
  if (pathname !== "/metrics") {
    return new Response("Metrics are at /metrics\n", { status: 404 });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Only GET\n", {
      status: 405,
      headers: { allow: "GET, HEAD" },
    });
  }
  try {
    return new Response(metrics(), {
      headers: { "content-type": METRICS_TYPE, "cache-control": "no-store" },
    });
  } catch (error) {
    onError(error);
    return new Response("The relay's log says what is wrong\n", {
      status: 500,
    });
  }
}
