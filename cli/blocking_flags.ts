/**
 * Flags that say why something is blocked.
 *
 * @module
 */

import { parseDuration } from "../config/mod.ts";
import { UsageError } from "./flags.ts";

/** The flags. */
export const blockingFlags = {
  reason: { doc: 'Why it is blocked: "spam" or "content".', value: "REASON" },
  "notice-ttl": {
    doc: 'How long apps tell their user, or "off" for good.',
    value: "TIME",
  },
} as const;

/** @throws {UsageError} */
export function parseReason(reason: string | undefined): string {
  if (reason === "spam" || reason === "content") return reason;
  throw new UsageError("Say why: --reason spam or --reason content.");
}

/** @throws {UsageError} */
export function parseNotice(
  ttl: string | undefined,
): { ttlSeconds?: number } | undefined {
  if (ttl === undefined) return undefined;
  if (ttl === "off") return {};
  const ms = parseDuration(ttl);
  if (ms === undefined || ms < 1000) {
    throw new UsageError(
      '--notice-ttl is a time of at least a second, such as "30d", or "off".',
    );
  }
  return { ttlSeconds: Math.floor(ms / 1000) };
}
