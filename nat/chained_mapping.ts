/**
 * Double NAT: a mapping in each of two routers, kept as one.
 *
 * @module
 */

import type { Mapping, MappingMethod } from "./mapping.ts";

/**
 * What the outer router grants leads to what the inner one grants, and that
 * leads here. Seen from outside it is the outer mapping.
 */
export class ChainedMapping implements Mapping {
  readonly method: MappingMethod;
  readonly family: 4 | 6;
  readonly externalAddress: string;
  readonly externalPort: number;
  readonly internalPort: number;
  readonly lifetimeSeconds: number | undefined;
  readonly router: string | undefined;
  readonly #inner: Mapping;
  readonly #outer: Mapping;
  readonly #options: ChainOptions;

  constructor(inner: Mapping, outer: Mapping, options: ChainOptions) {
    this.#inner = inner;
    this.#outer = outer;
    this.#options = options;
    this.method = outer.method;
    this.family = outer.family;
    this.externalAddress = outer.externalAddress;
    this.externalPort = outer.externalPort;
    this.internalPort = inner.internalPort;
    this.lifetimeSeconds = shorter(
      inner.lifetimeSeconds,
      outer.lifetimeSeconds,
    );
    const names = [inner.router, outer.router].filter((name) =>
      name !== undefined
    );
    this.router = names.length === 0 ? undefined : names.join(", ");
  }

  async renew(signal: AbortSignal): Promise<Mapping> {
    const inner = await this.#inner.renew(signal);
    const same = inner.externalPort === this.#inner.externalPort &&
      inner.externalAddress === this.#inner.externalAddress;
    const outer = same
      ? await this.#outer.renew(signal)
      : await this.#options.reopen(inner, signal);
    return new ChainedMapping(inner, outer, this.#options);
  }

  async remove(signal: AbortSignal): Promise<void> {
    const results = await Promise.allSettled([
      this.#outer.remove(signal),
      this.#inner.remove(signal),
    ]);
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
    }
  }

  async check(signal: AbortSignal): Promise<boolean> {
    return await this.#inner.check(signal) && await this.#outer.check(signal);
  }
}

/** How a chain is made whole again. */
export interface ChainOptions {
  /** Asks the next router for a way to `inner`, which has changed. */
  reopen(inner: Mapping, signal: AbortSignal): Promise<Mapping>;
}

function shorter(
  one: number | undefined,
  other: number | undefined,
): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
