/**
 * Answers of the API.
 *
 * @module
 */

import type { Http1Response } from "../../relay/http1/mod.ts";

const FIELDS = {
  "content-type": "application/json",
  "x-content-type-options": "nosniff",
} as const;

/** Why something is not done: codes for programs. */
export type ProblemCode =
  | "malformed"
  | "banned"
  | "not signed"
  | "work"
  | "unknown"
  | "stale"
  | "unreachable"
  | "not established"
  | "too many"
  | "too often"
  | "full"
  | "busy"
  | "not found"
  | "wrong method";

const STATUS: Readonly<Record<ProblemCode, number>> = {
  malformed: 400,
  banned: 401,
  "not signed": 403,
  work: 403,
  unknown: 404,
  "not found": 404,
  "wrong method": 405,
  stale: 409,
  unreachable: 422,
  "not established": 403,
  "too many": 429,
  "too often": 429,
  full: 503,
  busy: 503,
};

/** What a {@link problem} tells beside its code and its words. */
export interface ProblemDetails {
  /** When to come back, seconds. */
  readonly retryAfter?: number;
  /** The number of the last request, to go on from. */
  readonly sequence?: number;
  /** What can be done. */
  readonly remedy?: string;
}

/** 200 with a value; `maxAge`: seconds for which it may be kept. */
export function json(
  value: unknown,
  { maxAge = 0 }: { maxAge?: number } = {},
): Http1Response {
  return {
    status: 200,
    fields: {
      ...FIELDS,
      "cache-control": maxAge > 0 ? `public, max-age=${maxAge}` : "no-store",
    },
    body: JSON.stringify(value),
  };
}

/** Something is not done; `message` is for people. */
export function problem(
  code: ProblemCode,
  message: string,
  details: ProblemDetails = {},
): Http1Response {
  const { retryAfter } = details;
  return {
    status: STATUS[code],
    fields: {
      ...FIELDS,
      "cache-control": "no-store",
      ...(retryAfter === undefined
        ? {}
        : { "retry-after": String(Math.ceil(retryAfter)) }),
    },
    body: JSON.stringify({ error: code, message, ...details }),
  };
}
