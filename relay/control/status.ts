/**
 * How the relay says how it is.
 *
 * @module
 */

/** `degraded`: works, but not as it should. `down`: does not work. */
export type PartState = "ok" | "degraded" | "down";

/** One part of the relay. */
export interface PartStatus {
  /** What it is called before its owner: "listener", "store". */
  readonly name: string;
  readonly state: PartState;
  /** What is wrong, in a sentence; there unless the state is `ok`. */
  readonly reason?: string;
  /** What there is to know while it is well, in a sentence. */
  readonly note?: string;
  /** What the owner can do about it, in a sentence. */
  readonly remedy?: string;
}

/** Answer to `GET /status`. */
export interface RelayStatus {
  /** Version of Porchlight. */
  readonly version: string;
  /** The worst of the parts. */
  readonly state: PartState;
  /** Seconds since the relay started. */
  readonly uptimeSeconds: number;
  readonly parts: readonly PartStatus[];
  /** Sums to show, by their label: "connections", "queues". */
  readonly counts: Readonly<Record<string, number>>;
}

/** The sum of the parts is its worst. */
export function worstState(parts: readonly PartStatus[]): PartState {
  if (parts.some((part) => part.state === "down")) return "down";
  return parts.some((part) => part.state === "degraded") ? "degraded" : "ok";
}
