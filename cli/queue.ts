import type {
  QueueAnswer,
  QueueChangeAnswer,
  QueueDeletedAnswer,
} from "../relay/control/mod.ts";
import { askAndPrint, askFlags } from "./ask.ts";
import { blockingFlags, parseNotice, parseReason } from "./blocking_flags.ts";
import { command } from "./command.ts";
import { UsageError } from "./flags.ts";
import { duration } from "./status.ts";

const ACTIONS = ["status", "block", "unblock", "delete"] as const;

type Action = typeof ACTIONS[number];

/** `porchlight queue`: looks at a queue, blocks it, deletes it. */
export const queue = command({
  summary: "Look at a queue, block it or delete it",
  takes: "status|block|unblock|delete ID",
  help:
    `For queues that somebody complained about. ID is the ID that senders use, or
the link that was given out, in quotes.

  porchlight queue status "https://relay.example.org/a#…"
  porchlight queue block ID --reason spam --notice-ttl 30d
  porchlight queue unblock ID
  porchlight queue delete ID

Nothing can be sent to a blocked queue or fetched from it, and apps are told
why. With --notice-ttl they show that to their user for so long, with
"--notice-ttl off" for good. What is deleted is gone.`,
  flags: {
    ...blockingFlags,
    ...askFlags,
  },
  async run(values, { terminal, env }, words) {
    const [action, id] = parseWords(words);
    const { reason, "notice-ttl": ttl } = values;
    if (action !== "block" && (reason !== undefined || ttl !== undefined)) {
      throw new UsageError("--reason and --notice-ttl are for blocking.");
    }
    const ask = <T>(describe: (answer: T) => string[], more = {}) =>
      askAndPrint<T>({ path: `/queue/${action}`, body: { id, ...more } }, {
        values,
        env,
        terminal,
        describe,
      });
    switch (action) {
      case "status":
        await ask<QueueAnswer>(describeQueue);
        break;
      case "block":
        await ask<QueueChangeAnswer>(describeBlocked, {
          reason: parseReason(reason),
          notice: parseNotice(ttl),
        });
        break;
      case "unblock":
        await ask<QueueChangeAnswer>(describeUnblocked);
        break;
      case "delete":
        await ask<QueueDeletedAnswer>(({ messages }) => [
          `The queue is deleted, with ${messages} ` +
          `${messages === 1 ? "message" : "messages"} in it.`,
        ]);
    }
    return 0;
  },
});

function parseWords(words: readonly string[]): [Action, string] {
  const [word, id, more] = words;
  const action = ACTIONS.find((action) => action === word);
  if (action === undefined || id === undefined || more !== undefined) {
    throw new UsageError(
      "Say what to do and with which queue: porchlight queue " +
        `${ACTIONS.join("|")} ID`,
    );
  }
  return [action, id];
}

const STATES = {
  active: "in use",
  off: "switched off by its owner",
  blocked: "blocked",
} as const;

/** A queue as an owner reads it. */
export function describeQueue(queue: QueueAnswer): string[] {
  const { status, blocking, mode, updated } = queue;
  const lines = [`The queue is ${STATES[status]}.`];
  if (blocking !== undefined) {
    const { reason, notice } = blocking;
    const ttl = notice?.ttlSeconds;
    lines.push(
      `Reason: ${reason}.`,
      notice === undefined
        ? "Apps do not show a notice."
        : ttl === undefined
        ? "Apps show a notice, for good."
        : `Apps show a notice for ${duration(ttl)}.`,
    );
  }
  if (mode !== undefined) {
    lines.push(
      mode === "contact"
        ? "It belongs to a contact address."
        : "It belongs to a conversation.",
    );
  }
  if (updated !== undefined) lines.push(`Last used: ${updated}.`);
  return lines;
}

function describeBlocked({ changed, before }: QueueChangeAnswer): string[] {
  if (!changed) return ["The queue was blocked for this reason already."];
  return [
    before.status === "blocked"
      ? "The queue was blocked already; now for this reason."
      : "The queue is blocked.",
  ];
}

function describeUnblocked({ before }: QueueChangeAnswer): string[] {
  switch (before.status) {
    case "blocked":
      return [
        `The queue is in use again. It was blocked for ${
          before.blocking?.reason ?? "no reason"
        }.`,
      ];
    case "active":
      return ["The queue was not blocked."];
    case "off":
      return [
        "The queue was not blocked. Its owner has switched it off, and that " +
        "stays so.",
      ];
  }
}
