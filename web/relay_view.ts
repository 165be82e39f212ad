/**
 * The running relay as the page shows it, asked over its control socket.
 *
 * @module
 */

import {
  askRelay,
  ControlError,
  type PartState,
  type PartStatus,
} from "../relay/control/mod.ts";

/** From where an address can be reached, as in `GET /address`. */
export type Reach = "everywhere" | "unchecked" | "home" | "set";

/** An address to add to the app. */
export interface ViewedAddress {
  readonly address: string;
  readonly reach: Reach;
}

/** How the world reaches the relay. */
export interface ViewedPath {
  readonly words: string;
  readonly remedy?: string;
  /** The kind of the best way that is used: `mapped`, `tunnel`. */
  readonly kind?: string;
  readonly confirmed: boolean;
}

/** What was counted. */
export interface ViewedCounts {
  /** When counting began: ISO 8601. */
  readonly since: string;
  /** Messages that were taken in since then, and pieces of files. */
  readonly messages: number;
  readonly files: number;
  /** What is kept now. */
  readonly queues: number;
  readonly messagesHeld: number;
  readonly filesHeld: number;
  readonly fileBytes: number;
  readonly fileQuota: number;
}

/** The relay, as far as it answers. */
export interface RelayView {
  readonly state: "running" | "stopped" | "unknown";
  /** Why nothing is known, in words. */
  readonly reason?: string;
  readonly version?: string;
  readonly overall: PartState;
  readonly uptimeSeconds: number;
  readonly parts: readonly PartStatus[];
  readonly connections: number;
  readonly addresses: readonly ViewedAddress[];
  readonly path?: ViewedPath;
  readonly counts?: ViewedCounts;
  /** A newer version, if one is known. */
  readonly newer?: string;
}

/** Asks for all of it. Never throws for what the relay does. */
export async function viewRelay(socket: string): Promise<RelayView> {
  try {
    const status = recordIn(await askRelay("/status", { socket }));
    const [address, path, stats, update] = await Promise.all([
      ask("/address", socket),
      ask("/path", socket),
      ask("/stats", socket),
      ask("/update", socket),
    ]);
    return {
      state: "running",
      version: textIn(status.version),
      overall: stateIn(status.state),
      uptimeSeconds: numberIn(status.uptimeSeconds),
      parts: listIn(status.parts).map(partIn),
      connections: numberIn(recordIn(status.counts).connections),
      addresses: addressesIn(address),
      path: pathIn(path),
      counts: countsIn(stats),
      newer: textIn(recordIn(update).available),
    };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return {
      state: error.code === "not running" ? "stopped" : "unknown",
      reason: error.message,
      overall: "down",
      uptimeSeconds: 0,
      parts: [],
      connections: 0,
      addresses: [],
    };
  }
}

/** Only the counts. */
export async function viewCounts(
  socket: string,
): Promise<ViewedCounts | undefined> {
  return countsIn(await ask("/stats", socket));
}

/** The answer; `undefined` where the relay has none, as while it starts. */
async function ask(path: string, socket: string): Promise<unknown> {
  try {
    return await askRelay(path, { socket });
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}

function partIn(value: unknown): PartStatus {
  const part = recordIn(value);
  return {
    name: textIn(part.name) ?? "",
    state: stateIn(part.state),
    reason: textIn(part.reason),
    note: textIn(part.note),
    remedy: textIn(part.remedy),
  };
}

function addressesIn(value: unknown): ViewedAddress[] {
  return listIn(recordIn(value).reached).flatMap((each) => {
    const { address, reach } = recordIn(each);
    const known = (["everywhere", "unchecked", "home", "set"] as const)
      .find((word) => word === reach);
    return typeof address === "string" && /^(?:smp|xftp):\/\//.test(address)
      ? [{ address, reach: known ?? "unchecked" }]
      : [];
  });
}

function pathIn(value: unknown): ViewedPath | undefined {
  const { words, remedy, advertised } = recordIn(value);
  if (typeof words !== "string") return undefined;
  const [first] = listIn(advertised).map(recordIn);
  return {
    words,
    remedy: textIn(remedy),
    kind: textIn(first?.kind),
    confirmed: first?.confirmed === true,
  };
}

function countsIn(value: unknown): ViewedCounts | undefined {
  const stats = recordIn(value);
  const total = recordIn(stats.total);
  const stored = recordIn(stats.stored);
  const files = recordIn(stats.files);
  const fileStored = recordIn(files.stored);
  if (typeof stats.since !== "string") return undefined;
  return {
    since: stats.since,
    messages: numberIn(total.msgSent),
    files: numberIn(recordIn(files.total).filesUploaded),
    queues: numberIn(stored.queues),
    messagesHeld: numberIn(stored.messages),
    filesHeld: numberIn(fileStored.uploaded),
    fileBytes: numberIn(fileStored.bytesUsed),
    fileQuota: numberIn(fileStored.quota),
  };
}

function stateIn(value: unknown): PartState {
  return value === "ok" || value === "degraded" ? value : "down";
}

function recordIn(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberIn(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
