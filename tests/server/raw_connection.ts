/**
 * Connections of clients that do not do as they should.
 *
 * @module
 */

import assert from "node:assert/strict";
import { pad } from "../../relay/crypto/mod.ts";
import { BLOCK_SIZE, SmpVersion } from "../../relay/smp/mod.ts";
import { type Connection, dialTls } from "../../relay/transport/mod.ts";
import { Writer } from "../../relay/wire/mod.ts";
import { createQueue, type TestRelay } from "./harness.ts";
import { nextMessage, sends } from "./commands.ts";

/** What a client says in its hello. */
export interface RawHello {
  readonly version?: number;
  /** The relay's own unless given. */
  readonly fingerprint?: Uint8Array;
}

/** TLS to the relay, as SMP or with other ALPN. */
export function dial(
  relay: TestRelay,
  alpn: string[] | undefined = ["smp/1"],
): Promise<Connection> {
  return dialTls("127.0.0.1", relay.relay.ports[0], { alpn });
}

/** The relay's hello, as a block. */
export async function readHello(connection: Connection): Promise<Uint8Array> {
  const block = new Uint8Array(BLOCK_SIZE);
  assert.ok(await connection.readFull(block), "no hello came");
  return block;
}

/** A client's hello without a session key, as a block. */
export function helloBlock(relay: TestRelay, hello: RawHello = {}): Uint8Array {
  const version = hello.version ?? SmpVersion.max;
  const writer = new Writer(256).u16(version)
    .short(hello.fingerprint ?? relay.relay.identity.fingerprint);
  if (version >= SmpVersion.proxyFlag) writer.bool(false);
  if (version >= SmpVersion.services) writer.ascii("0");
  const block = pad(writer.finish(), BLOCK_SIZE);
  assert.ok(block);
  return block;
}

/** A connection after a handshake without block encryption. */
export async function connectRaw(
  relay: TestRelay,
  hello: RawHello = {},
): Promise<Connection> {
  const connection = await dial(relay);
  await readHello(connection);
  connection.write(helloBlock(relay, hello));
  return connection;
}

/** Reads until the relay has closed the connection; what came before. */
export async function untilClosed(connection: Connection): Promise<number> {
  let length = 0;
  for (;;) {
    const bytes = await connection.read();
    if (bytes === undefined) break;
    length += bytes.length;
  }
  await connection.close();
  return length;
}

/** Whether a real client is served, and how long that took in milliseconds. */
export async function assertServes(relay: TestRelay): Promise<number> {
  const start = performance.now();
  await using client = await relay.connect();
  const queue = await createQueue(client);
  assert.equal(await sends(client, "still here", queue.ids), "OK");
  assert.equal((await nextMessage(client, queue)).text, "still here");
  return performance.now() - start;
}

/** Waits until nobody is connected, and nobody is counted. */
export async function assertNobodyLeft(relay: TestRelay): Promise<void> {
  await relay.until(({ connections, sessions, subscriptions }) =>
    connections + sessions + subscriptions === 0
  );
}
