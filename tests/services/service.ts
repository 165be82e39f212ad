/**
 * Services for the tests: certificates, and what a session of one says.
 *
 * @module
 */

import { join } from "node:path";
import { createIdentity } from "../../relay/identity/mod.ts";
import type { Message, ServiceCredentials } from "../../relay/smp/mod.ts";
import { words } from "../server/commands.ts";
import type { TestClient, TestRelay } from "../server/harness.ts";

/** A service with certificates of its own. */
export async function makeService(
  role: ServiceCredentials["role"] = "N",
  algorithm: "ed25519" | "ed448" = "ed25519",
): Promise<ServiceCredentials> {
  const directory = await Deno.makeTempDir();
  try {
    const { chain, keyPem } = await createIdentity(directory, { algorithm });
    return { role, certificates: chain, key: keyPem };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A service whose only certificate is signed by itself. */
export async function makeSelfSigned(): Promise<ServiceCredentials> {
  const directory = await Deno.makeTempDir();
  try {
    const { chain } = await createIdentity(directory);
    const key = await Deno.readTextFile(join(directory, "ca.key"));
    return { role: "N", certificates: chain.slice(1), key };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A session of a service. */
export interface ServiceClient extends AsyncDisposable {
  readonly client: TestClient;
  /** The relay's name for the service. */
  readonly id: Uint8Array;
}

/** Connects as a service. */
export async function connectService(
  relay: TestRelay,
  service: ServiceCredentials,
): Promise<ServiceClient> {
  const client = await relay.connect({ service });
  const session = client.smp.session.service;
  if (session === undefined) throw new Error("This is no service session");
  return {
    client,
    id: session.id,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** `SUBS` or `NSUBS`, and what came back. */
export function subscribeAll(
  { client, id }: ServiceClient,
  tag: "SUBS" | "NSUBS" = "NSUBS",
): Promise<Message> {
  const key = client.smp.session.service?.key;
  return client.send({ tag }, { entityId: id, key });
}

/** A response in words, with its service's ID or count. */
export function inFull(message: Message): string {
  switch (message.tag) {
    case "SOK": {
      const { serviceId } = message;
      return serviceId === undefined ? "SOK" : `SOK ${serviceId.toHex()}`;
    }
    case "SOKS":
    case "ENDS":
      return `${message.tag} ${message.count}`;
    default:
      return words(message);
  }
}
