/**
 * What a directory has measured of a relay, signed by the directory, so that
 * others can pass it on and nobody can change it.
 *
 * ```text
 * measurement = signed part | length (1), signature
 * signed      = directory's fingerprint (32) | relay's fingerprint (32)
 *               | time (8), seconds since 1970
 *               | for the last 7, 30 and 90 days:
 *                 probes (4) | failed (4) | median of milliseconds (4)
 * signature of the key of the directory's online certificate over
 *               "porchlight-measurement/1" | 0 (1) | signed part
 * ```
 *
 * @module
 */

import {
  type Identity,
  verifyLeafSignature,
} from "../../relay/identity/mod.ts";
import { concatBytes, decode, Writer } from "../../relay/wire/mod.ts";

const CONTEXT = new TextEncoder().encode("porchlight-measurement/1\0");
const FINGERPRINT_SIZE = 32;
/** Longest measurement, in bytes. */
export const MAX_MEASUREMENT = 256;

/** Days of the windows. */
export const WINDOWS = [7, 30, 90] as const;

/** Probes of some days. */
export interface WindowNumbers {
  readonly probes: number;
  readonly failed: number;
  /** Median time to connect and greet, ms; 0 where none worked. */
  readonly milliseconds: number;
}

/** What was measured. */
export interface Measurement {
  readonly directory: Uint8Array;
  readonly fingerprint: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
  /** In the order of {@link WINDOWS}. */
  readonly windows: readonly WindowNumbers[];
}

/** Signs what this directory has measured. */
export function signMeasurement(
  { fingerprint, time, windows }: Omit<Measurement, "directory">,
  identity: Pick<Identity, "fingerprint" | "sign">,
): Uint8Array {
  if (windows.length !== WINDOWS.length) {
    throw new RangeError(`There are ${WINDOWS.length} windows`);
  }
  const writer = new Writer(256).bytes(identity.fingerprint).bytes(fingerprint)
    .int64(time);
  for (const { probes, failed, milliseconds } of windows) {
    writer.u32(probes).u32(failed).u32(milliseconds);
  }
  const signed = writer.finish();
  const signature = identity.sign(concatBytes(CONTEXT, signed));
  return new Writer(256).bytes(signed).short(signature).finish().slice();
}

/**
 * The measurement in `bytes` when the key of the certificate `leaf` (DER) has
 * signed it, which the caller has checked to be of that directory.
 */
export function verifyMeasurement(
  bytes: Uint8Array,
  { directory, leaf }: {
    readonly directory: Uint8Array;
    readonly leaf: Uint8Array;
  },
): Measurement | undefined {
  const parts = decode(bytes, (reader) => {
    const measurement = {
      directory: reader.take(FINGERPRINT_SIZE).slice(),
      fingerprint: reader.take(FINGERPRINT_SIZE).slice(),
      time: reader.int64(),
      windows: WINDOWS.map(() => ({
        probes: reader.u32(),
        failed: reader.u32(),
        milliseconds: reader.u32(),
      })),
    };
    const signed = bytes.subarray(0, reader.offset);
    return { measurement, signed, signature: reader.short() };
  });
  if (parts === undefined) return undefined;
  const { measurement, signed, signature } = parts;
  const sound = measurement.time >= 0 &&
    measurement.windows.every(({ probes, failed }) => failed <= probes) &&
    measurement.directory.every((byte, at) => byte === directory[at]);
  return sound &&
      verifyLeafSignature(leaf, concatBytes(CONTEXT, signed), signature)
    ? measurement
    : undefined;
}
