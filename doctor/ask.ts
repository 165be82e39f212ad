/**
 * Asking the relay how it is, whatever state it is in.
 *
 * @module
 */

import { askRelay, ControlError } from "../relay/control/mod.ts";
import type { RelayStatus } from "../relay/control/status.ts";
import type { RelayView } from "./context.ts";

/** What the relay at this control socket says. Never throws for what it does. */
export async function viewRelay(socket: string): Promise<RelayView> {
  try {
    const status = await askRelay("/status", { socket });
    if (!isStatus(status)) return unknown("It is of another version.");
    const addresses = addressesIn(await askRelay("/address", { socket }));
    return { state: "running", status, addresses, path: await path(socket) };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code === "not running") return { state: "stopped" };
    return unknown(error.message);
  }
}

/** Relays before this question do not know it. */
async function path(socket: string): Promise<unknown> {
  try {
    return await askRelay("/path", { socket });
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}

function unknown(reason: string): RelayView {
  return { state: "unknown", reason };
}

function addressesIn(answer: unknown): string[] {
  if (typeof answer !== "object" || answer === null) return [];
  if (!("addresses" in answer) || !Array.isArray(answer.addresses)) return [];
  return answer.addresses.filter((each) => typeof each === "string");
}

function isStatus(answer: unknown): answer is RelayStatus {
  return typeof answer === "object" && answer !== null &&
    "version" in answer && typeof answer.version === "string" &&
    "uptimeSeconds" in answer && typeof answer.uptimeSeconds === "number" &&
    "parts" in answer && Array.isArray(answer.parts) &&
    answer.parts.every((part: unknown) =>
      typeof part === "object" && part !== null && "state" in part
    );
}
