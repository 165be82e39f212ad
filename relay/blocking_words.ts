/**
 * Why something is blocked: as it is kept, and as the owner says it.
 *
 * @module
 */

import type { BlockingAnswer } from "./control/mod.ts";
import type { BlockingInfo } from "./smp/mod.ts";

/** The notice as the reference writes it (`ClientNotice`). */
export function blockingInfo({ reason, notice }: BlockingAnswer): BlockingInfo {
  return {
    reason,
    notice: notice && JSON.stringify({ ttl: notice.ttlSeconds }),
  };
}

export function blockingAnswer(
  { reason, notice }: BlockingInfo,
): BlockingAnswer {
  if (notice === undefined) return { reason };
  // Written above, or by the reference, whose queues can be imported.
  const ttl = Number(/"ttl"\s*:\s*(\d+)/.exec(notice)?.[1] ?? NaN);
  return { reason, notice: Number.isNaN(ttl) ? {} : { ttlSeconds: ttl } };
}
