/**
 * What the tests of private message routing share: relays as address, and
 * clients behind a proxy.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  generateAuthKeyPair,
  type PrivateAuthKey,
} from "../../relay/crypto/mod.ts";
import {
  type Message,
  ProxiedRelay,
  ProxiedRelayError,
  type RelayAddress,
  type SmpError,
} from "../../relay/smp/mod.ts";
import {
  createQueue,
  type TestClient,
  TestRelay,
  type TestRelayOptions,
} from "../server/harness.ts";
import { nextMessage, type SecuredQueue } from "../server/commands.ts";

export { words } from "../server/commands.ts";

/** A relay that may forward to this machine. */
export function startProxy(
  { set = [], ...rest }: TestRelayOptions = {},
): Promise<TestRelay> {
  return TestRelay.start({ ...rest, set: ["proxy.allow_local=true", ...set] });
}

/** The address of a relay, with what is to be different. */
export function addressOf(
  { relay }: Pick<TestRelay, "relay">,
  changes: Partial<RelayAddress> = {},
): RelayAddress {
  return {
    hosts: ["127.0.0.1"],
    port: String(relay.ports[0]),
    fingerprint: relay.identity.fingerprint,
    ...changes,
  };
}

/** A relay behind the one of `client`. */
export function through(
  client: TestClient,
  relay: RelayAddress,
  { password, reopen }: { password?: string; reopen?: boolean } = {},
): Promise<ProxiedRelay> {
  const basicAuth = password === undefined
    ? undefined
    : new TextEncoder().encode(password);
  return ProxiedRelay.open(client.smp, { relay, basicAuth, reopen });
}

/** `SEND` through a proxy; the response is the destination's. */
export function sendThrough(
  far: ProxiedRelay,
  text: string,
  to: { readonly senderId: Uint8Array; readonly key?: PrivateAuthKey },
): Promise<Message> {
  return far.request({
    command: {
      tag: "SEND",
      notification: false,
      body: new TextEncoder().encode(text),
    },
    entityId: to.senderId,
    key: to.key,
  });
}

/** A queue whose sender has secured it through the proxy, as apps do. */
export async function securedThrough(
  far: ProxiedRelay,
  recipient: TestClient,
): Promise<SecuredQueue> {
  const queue = await createQueue(recipient);
  const sender = generateAuthKeyPair("x25519");
  const { senderId } = queue.ids;
  const answer = await far.request({
    command: { tag: "SKEY", key: sender.publicKey },
    entityId: senderId,
    key: sender.privateKey,
  });
  assert.equal(answer.tag, "OK");
  return { queue, sender, to: { senderId, key: sender.privateKey } };
}

/** What the proxy says where it does not forward, in words. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ProxiedRelayError) return inWords(error.error);
    throw error;
  }
  throw new assert.AssertionError({ message: "It was not refused" });
}

/** `PROXY BROKER NETWORK`, `PROXY PROTOCOL AUTH`, `CMD PROHIBITED`, … */
export function inWords(error: SmpError): string {
  if (error.type === "CMD") return `CMD ${error.reason}`;
  if (error.type !== "PROXY") return error.type;
  const { error: inner } = error;
  if (inner.type === "PROTOCOL") {
    return `PROXY PROTOCOL ${inWords(inner.error)}`;
  }
  if (inner.type !== "BROKER") return `PROXY ${inner.type}`;
  const { error: broker } = inner;
  return broker.type === "TRANSPORT"
    ? `PROXY BROKER TRANSPORT ${broker.error.type}`
    : `PROXY BROKER ${broker.type}`;
}

/** The next messages of a queue, each acknowledged before the next comes. */
export async function receiveAll(
  client: TestClient,
  { queue }: SecuredQueue,
  count: number,
): Promise<string[]> {
  const texts: string[] = [];
  let { id, text } = await nextMessage(client, queue);
  for (;;) {
    texts.push(text);
    const answer = await client.send({ tag: "ACK", messageId: id }, {
      entityId: queue.entityId,
      key: queue.key,
    });
    if (texts.length === count) return texts;
    if (answer.tag === "MSG") {
      ({ id, text } = { id: answer.messageId, text: queue.text(answer) });
    } else {
      assert.equal(answer.tag, "OK");
      ({ id, text } = await nextMessage(client, queue));
    }
  }
}

/** A TCP port of this machine on which nobody listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
