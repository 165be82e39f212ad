/**
 * Takes what another directory tells, as far as it can be proven.
 *
 * Descriptors are the relays' own words, whoever brings them. Measurements are
 * taken from the directory that made them only. So a directory that lies can
 * leave relays out, and lie about what it has measured itself, which counts
 * only until there are own probes.
 *
 * @module
 */

import { checkChain } from "../../relay/identity/mod.ts";
import { bytesKey, equalBytes, fromBase64Url } from "../../relay/wire/mod.ts";
import type { SyncPage } from "../api/mod.ts";
import { verifyDescriptorText } from "../descriptor/mod.ts";
import { MAX_MEASUREMENT, verifyMeasurement } from "../protocol/mod.ts";
import type { Registry } from "../registry/mod.ts";

/** What came of a page. */
export interface MergeCounts {
  /** Relays that were not known. */
  added: number;
  /** Descriptors that were newer. */
  renewed: number;
  measurements: number;
  /** What did not verify. */
  refused: number;
}

/** Relays of a page at most. */
export const MAX_PAGE = 1000;

/**
 * Merges a page of the directory with this fingerprint. `room`: relays that
 * may be added.
 */
export function merge(
  page: SyncPage,
  { registry, directory, room }: {
    readonly registry: Registry;
    readonly directory: Uint8Array;
    readonly room: number;
  },
): MergeCounts {
  const counts = { added: 0, renewed: 0, measurements: 0, refused: 0 };
  const leaf = leafOf(page, directory);
  const from = bytesKey(directory);
  for (const { descriptor, measurement } of page.relays.slice(0, MAX_PAGE)) {
    const signed = verifyDescriptorText(descriptor);
    if (typeof signed === "string") {
      counts.refused++;
      continue;
    }
    const key = bytesKey(signed.descriptor.fingerprint);
    const known = registry.find(key);
    if (known === undefined && counts.added >= room) continue;
    const before = known?.signed;
    const record = registry.add(signed, { registered: false });
    if (typeof record === "object") {
      if (known === undefined) counts.added++;
      else if (record.signed !== before) counts.renewed++;
    }
    const target = registry.find(key);
    if (measurement === undefined || target === undefined) continue;
    const bytes = measurement.length > 2 * MAX_MEASUREMENT
      ? undefined
      : fromBase64Url(measurement);
    const read = bytes && leaf && verifyMeasurement(bytes, { directory, leaf });
    if (!bytes || !read || !equalBytes(read.fingerprint, target.fingerprint)) {
      counts.refused++;
      continue;
    }
    registry.noteMeasurement(target, from, { bytes, measurement: read });
    counts.measurements++;
  }
  return counts;
}

/** The certificate that the directory signs with, when it is its own. */
function leafOf(page: SyncPage, directory: Uint8Array): Uint8Array | undefined {
  const chain = page.chain.map(fromBase64Url);
  const whole = chain.filter((each) => each !== undefined);
  if (whole.length !== chain.length) return undefined;
  const fault = checkChain(whole, directory, { ignoreTime: true });
  return fault === "valid" ? whole[0] : undefined;
}
