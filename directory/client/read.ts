/**
 * Answers of directories, which may say anything: what is used of them is
 * checked.
 *
 * @module
 */

import type {
  Params,
  Problem,
  Receipt,
  RelayHistory,
  SyncPage,
} from "../api/mod.ts";

type Json = Readonly<Record<string, unknown>>;

const MAX_RELAYS = 1000;
const MAX_TEXT = 32 * 1024;
const MAX_MESSAGE = 500;

/** `GET /v1/params` */
export function readParams(value: unknown): Params | undefined {
  const work = field(value, "work");
  const fits = number(value, "version") && text(value, "directory") &&
    number(value, "heartbeatSeconds") && number(work, "bits") &&
    text(work, "nonce");
  // All that a client relies on was looked at.
  return fits ? value as Params : undefined;
}

/** What a relay is told. */
export function readReceipt(value: unknown): Receipt | undefined {
  const fits = text(value, "standing") && number(value, "nextSeconds") &&
    number(value, "score") && list(value, "flags") !== undefined &&
    list(value, "issues")?.every((issue) =>
      text(issue, "text") && text(issue, "remedy")
    );
  return fits ? value as Receipt : undefined;
}

/** Descriptors of `GET /v1/relays`. */
export function readRelayList(value: unknown): string[] | undefined {
  const relays = list(value, "relays");
  if (!relays?.every((each) => text(each, "descriptor"))) return undefined;
  return relays.map((each) => String(field(each, "descriptor")));
}

/** `GET /v1/relays/{fingerprint}/history` */
export function readHistory(value: unknown): RelayHistory | undefined {
  const fits = text(value, "standing") && number(value, "score") &&
    text(value, "descriptor") &&
    ["flags", "issues", "windows", "days", "recent", "others"].every((name) =>
      list(value, name) !== undefined
    );
  return fits ? value as RelayHistory : undefined;
}

/** `GET /v1/sync` */
export function readSyncPage(value: unknown): SyncPage | undefined {
  const more = field(value, "more");
  const fits = text(value, "directory") && text(value, "cursor") &&
    typeof more === "boolean" &&
    list(value, "chain")?.every((each) => typeof each === "string") &&
    list(value, "relays")?.every((each) =>
      text(each, "descriptor") &&
      (field(each, "measurement") === undefined || text(each, "measurement"))
    );
  return fits ? value as SyncPage : undefined;
}

/** Whatever stands in an answer that is not 200. */
export function problemOf(value: unknown): Problem {
  const message = field(value, "message");
  const error = field(value, "error");
  const remedy = field(value, "remedy");
  const sequence = field(value, "sequence");
  return {
    error: typeof error === "string" ? error : "",
    message: typeof message === "string"
      ? message.slice(0, MAX_MESSAGE)
      : "The directory did not say why.",
    remedy: typeof remedy === "string"
      ? remedy.slice(0, MAX_MESSAGE)
      : undefined,
    sequence: Number.isSafeInteger(sequence) ? Number(sequence) : undefined,
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null &&
      Object.hasOwn(value, name)
    ? (value as Json)[name]
    : undefined;
}

function text(value: unknown, name: string): boolean {
  const found = field(value, name);
  return typeof found === "string" && found.length <= MAX_TEXT;
}

function number(value: unknown, name: string): boolean {
  const found = field(value, name);
  return typeof found === "number" && Number.isFinite(found) && found >= 0;
}

function list(value: unknown, name: string): readonly unknown[] | undefined {
  const found = field(value, name);
  return Array.isArray(found) && found.length <= MAX_RELAYS ? found : undefined;
}
