/**
 * The relay's descriptor as it is now: made anew when what it says has
 * changed, and before it runs out.
 *
 * @module
 */

import type { Identity } from "../../relay/identity/mod.ts";
import { equalBytes } from "../../relay/wire/mod.ts";
import {
  BOUNDS,
  type Descriptor,
  encodeDescriptor,
  signDescriptor,
  type SignedDescriptor,
} from "../descriptor/mod.ts";
import type { HeartbeatState } from "./state.ts";

/** What the relay says, but for who and when. */
export type Statement = Omit<
  Descriptor,
  "fingerprint" | "sequence" | "notBefore" | "notAfter"
>;

/** How long one holds, and when it is made anew: seconds. */
const VALID_SECONDS = 14 * 86_400;
const RENEW_SECONDS = 5 * 86_400;
/** Before now, for clocks that are behind: seconds. */
const EARLY_SECONDS = 600;

/** See the module. */
export class DescriptorSource {
  readonly #state: HeartbeatState;
  readonly #identity: Identity;
  readonly #statement: () => Statement | undefined;
  #current: { signed: SignedDescriptor; said: Uint8Array } | undefined;
  #making: Promise<unknown> = Promise.resolve();

  /** `statement`: undefined while there is nothing to say. */
  constructor(
    { state, identity, statement }: {
      readonly state: HeartbeatState;
      readonly identity: Identity;
      readonly statement: () => Statement | undefined;
    },
  ) {
    this.#state = state;
    this.#identity = identity;
    this.#statement = statement;
  }

  /** Whether what was signed last is not true any more. */
  get isStale(): boolean {
    const said = this.#said();
    return said !== undefined &&
      (this.#current === undefined || !equalBytes(said, this.#current.said));
  }

  /** The descriptor; all who ask at a time get the same. */
  current(): Promise<SignedDescriptor | undefined> {
    const making = this.#making.then(() => this.#make());
    this.#making = making.catch(() => {});
    return making;
  }

  /** The next one gets a higher number. */
  drop(): void {
    this.#current = undefined;
  }

  async #make(): Promise<SignedDescriptor | undefined> {
    const said = this.#said();
    const statement = this.#statement();
    if (said === undefined || statement === undefined) return undefined;
    const now = Math.floor(Date.now() / 1000);
    const { signed, said: before } = this.#current ?? {};
    if (
      signed !== undefined && before !== undefined &&
      equalBytes(said, before) &&
      signed.descriptor.notAfter - now > VALID_SECONDS - RENEW_SECONDS
    ) return signed;
    const sequence = await this.#state.nextDescriptor();
    const made = signDescriptor({
      ...statement,
      fingerprint: this.#identity.fingerprint,
      sequence,
      notBefore: now - EARLY_SECONDS,
      notAfter: now + Math.min(VALID_SECONDS, BOUNDS.validity - EARLY_SECONDS),
    }, this.#identity);
    this.#current = { signed: made, said };
    return made;
  }

  /** What is said, as bytes to compare. */
  #said(): Uint8Array | undefined {
    const statement = this.#statement();
    const { fingerprint } = this.#identity;
    return statement && encodeDescriptor({
      ...statement,
      fingerprint,
      sequence: 1,
      notBefore: 0,
      notAfter: 1,
    });
  }
}
