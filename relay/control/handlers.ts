/**
 * The questions that a running relay answers.
 *
 * @module
 */

import { VERSION } from "../version.ts";
import type {
  BlockingAnswer,
  ControlledRelay,
  FileControl,
  QueueControl,
} from "./answers.ts";
import { Refusal } from "./errors.ts";
import { parseFileIds } from "./file_ids.ts";
import { parseQueueId } from "./queue_id.ts";
import type { ControlHandlers } from "./server.ts";
import { type PartStatus, type RelayStatus, worstState } from "./status.ts";

/** Longest time that a client is told why its queue is blocked: 100 years. */
const MAX_NOTICE_SECONDS = 3_155_760_000;

/** What is answered beside what the relay knows. */
export interface RelayHandlerOptions {
  /** `performance.now()` when it began to start; now unless given. */
  readonly since?: number;
  /** How updates stand; `undefined` where the program does not update itself. */
  readonly update?: () => unknown;
  /**
   * Begins to start the relay again with its settings as they are now;
   * `undefined` where nobody can.
   *
   * @throws {Refusal}
   */
  readonly restart?: () => void;
}

/** Handlers that ask `relay`, which is `undefined` until it runs. */
export function relayHandlers(
  relay: () => ControlledRelay | undefined,
  { since = performance.now(), update, restart }: RelayHandlerOptions = {},
): ControlHandlers {
  const running = () => {
    const it = relay();
    if (it !== undefined) return it;
    throw new Refusal(
      "starting",
      "The relay is starting. Ask again in a moment.",
    );
  };
  return {
    "GET /status": () => statusOf(relay(), since),
    "GET /address": () => ({
      addresses: relay()?.addresses() ?? [],
      reached: relay()?.reachedAddresses() ?? [],
    }),
    "GET /update": () => updatesIn(update?.()),
    "GET /path": () => running().path(),
    "GET /stats": () => running().statistics(),
    "GET /clients": () => ({ clients: running().clients() }),
    "GET /certificate/web": () => running().webCertificate.answer(),
    "POST /certificate/web": () => running().webCertificate.renewNow(),
    "GET /information": () => running().information(),
    "POST /save": async () => {
      await running().save();
      return { saved: true };
    },
    "POST /restart": () => {
      if (restart === undefined) {
        throw new Refusal(
          "conflict",
          "This relay cannot start itself again. Stop it and start it.",
        );
      }
      restart();
      return { restarting: true };
    },
    "POST /queue/status": (body) =>
      found(running().queues.status(queueIdIn(body))),
    "POST /queue/block": async (body) =>
      found(await block(running().queues, body)),
    "POST /queue/unblock": async (body) =>
      found(await running().queues.unblock(queueIdIn(body))),
    "POST /queue/delete": async (body) =>
      found(await running().queues.delete(queueIdIn(body))),
    "POST /file/status": (body) =>
      foundFile(filesOf(running()).status(fileIdsIn(body))),
    "POST /file/block": async (body) =>
      foundFile(
        await filesOf(running()).block(fileIdsIn(body), blockingIn(body)),
      ),
    "POST /file/delete": async (body) =>
      foundFile(await filesOf(running()).delete(fileIdsIn(body))),
  };
}

function statusOf(
  relay: ControlledRelay | undefined,
  since: number,
): RelayStatus {
  const parts: PartStatus[] = relay?.parts() ?? [{
    name: "relay",
    state: "degraded",
    reason: "It is starting.",
    remedy: "Ask again in a moment.",
  }];
  return {
    version: VERSION,
    state: worstState(parts),
    uptimeSeconds: Math.floor((performance.now() - since) / 1000),
    parts,
    counts: relay?.counts() ?? {},
  };
}

function updatesIn(answer: unknown): unknown {
  if (answer !== undefined) return answer;
  throw new Refusal(
    "not found",
    "This relay was not put in place by its installer, and does not update " +
      "itself.",
  );
}

function found<T>(answer: T | undefined): T {
  if (answer !== undefined) return answer;
  throw new Refusal(
    "not found",
    "There is no such queue on this relay. It is found by the ID that its " +
      "senders use, or by its link.",
  );
}

function queueIdIn(body: unknown): Uint8Array {
  const text = fieldOf(body, "id");
  const id = typeof text === "string" ? parseQueueId(text) : undefined;
  if (id !== undefined) return id;
  throw new Refusal(
    "bad request",
    "This is not the ID of a queue, and not a link to one. An ID has 32 " +
      "letters, digits, - and _.",
  );
}

function filesOf({ files }: ControlledRelay): FileControl {
  if (files !== undefined) return files;
  throw new Refusal(
    "conflict",
    "This relay keeps no files: xftp.enabled is false.",
  );
}

function foundFile<T>(answer: T | undefined): T {
  if (answer !== undefined) return answer;
  throw new Refusal(
    "not found",
    "There is no such file on this relay. It is found by an ID that a " +
      "recipient has; that of the sender is not enough.",
  );
}

function fileIdsIn(body: unknown): Uint8Array[] {
  const ids = parseFileIds(fieldOf(body, "ids") ?? [fieldOf(body, "id")]);
  if (ids !== undefined) return ids;
  throw new Refusal(
    "bad request",
    "These are not IDs of files. An ID has 22 letters, digits, - and _, " +
      "mostly with == behind them.",
  );
}

function block(queues: QueueControl, body: unknown) {
  return queues.block(queueIdIn(body), blockingIn(body));
}

function blockingIn(body: unknown): BlockingAnswer {
  const reason = fieldOf(body, "reason");
  if (reason !== "spam" && reason !== "content") {
    throw new Refusal("bad request", 'The reason must be "spam" or "content".');
  }
  return { reason, notice: noticeIn(fieldOf(body, "notice")) };
}

function noticeIn(notice: unknown): BlockingAnswer["notice"] {
  if (notice === undefined || notice === null) return undefined;
  const ttlSeconds = fieldOf(notice, "ttlSeconds");
  if (ttlSeconds === undefined) return {};
  if (
    typeof ttlSeconds !== "number" || !Number.isInteger(ttlSeconds) ||
    ttlSeconds < 1 || ttlSeconds > MAX_NOTICE_SECONDS
  ) {
    throw new Refusal(
      "bad request",
      "The time of a notice must be a whole number of seconds.",
    );
  }
  return { ttlSeconds };
}

function fieldOf(body: unknown, name: string): unknown {
  if (typeof body !== "object" || body === null) return undefined;
  return Object.getOwnPropertyDescriptor(body, name)?.value;
}
