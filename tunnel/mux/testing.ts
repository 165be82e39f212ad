/**
 * For tests and benchmarks of links: two ends of a TLS connection on loopback.
 *
 * @module
 */

import {
  type Connection,
  dialTls,
  listenTls,
} from "../../relay/transport/mod.ts";
import { makeCredentials } from "../../relay/transport/testing.ts";
import { Link } from "./link.ts";
import type { LinkOptions } from "./link_options.ts";

const credentials = await makeCredentials("ED25519");

/** Both ends of a TLS connection. */
export interface ConnectionPair extends AsyncDisposable {
  readonly client: Connection;
  readonly server: Connection;
}

/** Connects over loopback. */
export async function connectionPair(): Promise<ConnectionPair> {
  const accepted = Promise.withResolvers<Connection>();
  const over = Promise.withResolvers<void>();
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials,
    onConnection(connection) {
      accepted.resolve(connection);
      return over.promise;
    },
  });
  const client = await dialTls("127.0.0.1", listener.addresses[0].port);
  return {
    client,
    server: await accepted.promise,
    async [Symbol.asyncDispose]() {
      client.abort();
      over.resolve();
      await listener.stop();
    },
  };
}

/** Both ends of a link. */
export interface LinkPair extends AsyncDisposable {
  readonly client: Link;
  readonly server: Link;
}

/** A link over loopback. */
export async function linkPair(
  { client, server }: {
    client?: Partial<LinkOptions>;
    server?: Partial<LinkOptions>;
  } = {},
): Promise<LinkPair> {
  const pair = await connectionPair();
  const links = {
    client: new Link(pair.client, { ...client, role: "client" }),
    server: new Link(pair.server, { ...server, role: "server" }),
  };
  return {
    ...links,
    async [Symbol.asyncDispose]() {
      links.client.abort();
      links.server.abort();
      await links.client.ended;
      await links.server.ended;
      await pair[Symbol.asyncDispose]();
    },
  };
}
