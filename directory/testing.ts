/**
 * What the tests of the directory share: identities, descriptors, requests.
 *
 * @module
 */

import { createIdentity, type Identity } from "../relay/identity/mod.ts";
import {
  type Descriptor,
  signDescriptor,
  type SignedDescriptor,
} from "./descriptor/mod.ts";

/** An identity that is nowhere on disk. */
export async function newIdentity(): Promise<Identity> {
  const directory = await Deno.makeTempDir();
  try {
    return await createIdentity(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

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
