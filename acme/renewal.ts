/**
 * When a certificate is renewed, and when a failure is tried again.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { CertificateFacts } from "./certificates.ts";
import type { RenewalWindow } from "./client.ts";

/** Certificates that live shorter than this are short-lived, ms. */
const SHORT_MS = 10 * 86_400_000;

/** What the time to renew follows from. */
export interface RenewalFacts {
  readonly facts: CertificateFacts;
  /** What the CA suggests, if it does. */
  readonly window: RenewalWindow | undefined;
  /** What is of this relay alone: not all renew at the same moment. */
  readonly salt: string;
}

/**
 * The time to renew, in milliseconds since 1970: a moment in the CA's window,
 * the same for each call; without a window, when a third of the life is left,
 * or half of a short one.
 */
export function renewalTime({ facts, window, salt }: RenewalFacts): number {
  const { notBefore, notAfter, id } = facts;
  const life = notAfter - notBefore;
  const fraction = fractionOf(`${salt} ${id} ${window?.start} ${window?.end}`);
  const latest = notAfter - life / 10;
  if (window !== undefined) {
    const { start, end } = window;
    return Math.min(start + fraction * (end - start), latest);
  }
  const left = life <= SHORT_MS ? life / 2 : life / 3;
  return notAfter - left - fraction * life / 20;
}

/** How failures are spaced, ms. */
export interface Pace {
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
}

/** A CA may ask for days; looked at again once a day, ms. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** Time until the next try after this many failures, with chance in it. */
export function retryDelay(
  failures: number,
  { pace, retryAfterMs = 0, random = Math.random }: {
    readonly pace: Pace;
    /** What the CA asks for. */
    readonly retryAfterMs?: number;
    readonly random?: () => number;
  },
): number {
  const usual = Math.min(
    pace.maxRetryMs,
    pace.firstRetryMs * 3 ** Math.max(0, failures - 1),
  );
  const asked = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
  return Math.max(usual, asked) * (1 + random() / 4);
}

/** From 0 to 1, evenly, and always the same for the same text. */
function fractionOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32;
}
