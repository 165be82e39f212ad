/**
 * From an authorised transmission to its answer.
 *
 * @module
 */

import { EMPTY } from "../../wire/mod.ts";
import type { Queue } from "../queues/mod.ts";
import type { CommandTransmission } from "../transmission.ts";
import {
  type Answer,
  day,
  prohibited,
  refuse,
  type SmpContext,
} from "./context.ts";
import { createQueue } from "./create_queue.ts";
import type { Subscriber } from "./delivery.ts";
import {
  subscribeNotifier,
  subscribeNotifierService,
} from "./notifier_commands.ts";
import { executeRecipientCommand } from "./recipient_commands.ts";
import { executeSenderCommand } from "./sender_commands.ts";
import type { ClientService } from "./services.ts";

/** What a command is executed for. */
export interface Execution {
  readonly transmission: CommandTransmission;
  /** The queue that was found when the authorisation was checked. */
  readonly queue?: Queue;
  /** Protocol version of the client. */
  readonly version: number;
  /** The service that the session is of. */
  readonly service?: ClientService;
}

/** Executes a command whose authorisation was checked. */
export function execute(
  context: SmpContext,
  session: Subscriber,
  { transmission, queue, version, service }: Execution,
): Answer {
  const { command, correlationId } = transmission;
  switch (command.tag) {
    case "PING":
      return { message: { tag: "PONG" }, entityId: EMPTY };
    case "NEW":
      return createQueue(context, session, {
        request: command.request,
        correlationId,
        service,
      });
    case "PRXY":
      return {
        message: {
          tag: "ERR",
          error: { type: "PROXY", error: { type: "BASIC_AUTH" } },
        },
      };
    case "PFWD":
      return {
        message: {
          tag: "ERR",
          error: { type: "PROXY", error: { type: "NO_SESSION" } },
        },
      };
    case "RFWD": // has its own way, see forwarding.ts
    case "SUBS":
      return prohibited;
    case "NSUB":
      return subscribeNotifier(context, session, { queue, service });
    case "NSUBS":
      return subscribeNotifierService(context, session, service);
    case "SEND":
    case "SKEY":
    case "LKEY":
    case "LGET":
      return withQueue(context, queue, {
        evenBlocked: command.tag === "SEND",
        run: (queue) =>
          executeSenderCommand(context, { queue, command, version }),
      });
    case "OFF":
    case "DEL":
      return queue === undefined || queue.deleted
        ? refuse("AUTH")
        : executeRecipientCommand(context, session, { queue, command });
    default:
      return withQueue(context, queue, {
        evenBlocked: false,
        run: (queue) =>
          executeRecipientCommand(context, session, {
            queue,
            command,
            service,
          }),
      });
  }
}

function withQueue(
  context: SmpContext,
  queue: Queue | undefined,
  { evenBlocked, run }: {
    evenBlocked: boolean;
    run: (queue: Queue) => Answer;
  },
): Answer {
  // A command before it in the same block may have deleted the queue.
  if (queue === undefined || queue.deleted) return refuse("AUTH");
  const { status } = queue.record;
  if (status.type === "blocked" && !evenBlocked) {
    return {
      message: { tag: "ERR", error: { type: "BLOCKED", info: status.info } },
    };
  }
  context.table.touch(queue, day(context.now()));
  return run(queue);
}
