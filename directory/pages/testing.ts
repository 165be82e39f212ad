/**
 * Relays with a past, for tests of the pages and for looking at them.
 *
 * @module
 */

import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import type { Descriptor } from "../descriptor/mod.ts";
import type { Directory } from "../mod.ts";
import { signedSample } from "../testing.ts";

/** How a relay was, over as many days. */
export interface Past {
  readonly days: number;
  /** Share of probes that failed, and typical time: ms. */
  readonly failures: number;
  readonly milliseconds: number;
}

const DAY = 86_400;

/** Adds a relay, and probes that it had; gives its fingerprint as text. */
export function addRelay(
  { registry }: Directory,
  says: Partial<Descriptor>,
  { days, failures, milliseconds }: Past,
): string {
  const identity = identityInMemory();
  const record = registry.add(signedSample(identity, says), {
    registered: true,
  });
  if (typeof record === "string") throw new Error(record);
  const { now } = registry;
  const waves = (at: number) => 1 + 0.25 * Math.sin(at / 9) + 0.1 * (at % 3);
  for (let probe = days * 12; probe >= 0; probe--) {
    const time = now - Math.round(probe * DAY / 12);
    // Evenly spread, the same each time.
    const failed = Math.floor((probe + 1) * failures) >
      Math.floor(probe * failures);
    record.history.add(
      time,
      failed && probe > 0 ? undefined : Math.round(milliseconds * waves(probe)),
    );
  }
  record.since = now - days * DAY;
  registry.noteProbe(record, { milliseconds, host: "203.0.113.1" });
  return identity.fingerprintText;
}
