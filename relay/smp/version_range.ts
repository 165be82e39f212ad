/**
 * Version ranges: their encoding and how two ends agree (simplexmq 6.5.5,
 * `Simplex.Messaging.Version`; the proxy's cap is in `smpClientHandshake`).
 *
 * @module
 */

import { type Reader, WireError, type Writer } from "../wire/mod.ts";
import { SmpVersion, type VersionRange } from "./versions.ts";

/** Writes a range: lowest and highest version, 2 bytes each. */
export function writeVersionRange(writer: Writer, range: VersionRange): void {
  writer.u16(range.min).u16(range.max);
}

/**
 * Reads a range.
 *
 * @throws {WireError} when the lowest is above the highest version
 */
export function readVersionRange(reader: Reader): VersionRange {
  const min = reader.u16();
  const max = reader.u16();
  if (min > max) throw new WireError("Invalid version range");
  return { min, max };
}

/** Versions in both ranges, if there are any (`compatibleVRange`). */
export function commonVersions(
  a: VersionRange,
  b: VersionRange,
): VersionRange | undefined {
  const min = Math.max(a.min, b.min);
  const max = Math.min(a.max, b.max);
  return min <= max ? { min, max } : undefined;
}

/**
 * Versions of the range up to the one that was agreed; `undefined` when that
 * one is outside of the range (`compatibleVRange'`).
 */
export function versionsUpTo(
  range: VersionRange,
  agreed: number,
): VersionRange | undefined {
  return range.min <= agreed && agreed <= range.max
    ? { min: range.min, max: agreed }
    : undefined;
}

/**
 * What a client may agree to with a relay that offers `offered`.
 *
 * A proxy does not use block encryption with the destination, but a relay
 * below version 14 does not read the flag that says so: with such relays a
 * proxy stays at version 10, the last one without it.
 */
export function clientVersions(
  own: VersionRange,
  offered: VersionRange,
  options: { readonly proxyServer: boolean },
): VersionRange | undefined {
  const capped = options.proxyServer && offered.max < SmpVersion.proxyFlag;
  return commonVersions(
    offered,
    capped
      ? { min: own.min, max: Math.max(own.min, SmpVersion.deletedEvent) }
      : own,
  );
}
