/**
 * After a start: every queue must be as the relay had answered.
 *
 * @module
 */

import type { SeededRandom } from "../seeded_random.ts";
import { Fault } from "./fault.ts";
import type { Link } from "./link.ts";
import { type CrashQueue, words } from "./queue.ts";

/**
 * Checks the queues one after the other over one connection. Those that
 * `drain` names are emptied, and stay subscribed; of the others only the
 * number of messages is checked, so that messages outlive several crashes.
 */
export async function checkQueues(
  link: Link,
  queues: readonly CrashQueue[],
  { drain, random }: {
    readonly drain: (queue: CrashQueue) => boolean;
    readonly random: SeededRandom;
  },
): Promise<void> {
  for (const queue of queues) {
    try {
      await checkQueue(link, queue, { drain: drain(queue), random });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(`queue ${queue.index}: ${error.message}`, {
        cause: error,
      });
    }
  }
}

async function checkQueue(
  link: Link,
  queue: CrashQueue,
  { drain, random }: { drain: boolean; random: SeededRandom },
): Promise<void> {
  const subscribed = await queue.subscribe(link);
  if (subscribed !== "SOK" && subscribed !== "ERR AUTH") {
    throw new Fault(`SUB got ${subscribed ?? "no answer"}`);
  }
  queue.deleted.seen(subscribed === "ERR AUTH");
  if (subscribed === "ERR AUTH") return;
  await queue.checkInfo(link);
  if (drain) {
    await emptyQueue(link, queue);
    await queue.checkInfo(link);
  }
  if (queue.secured.state !== "yes") {
    await queue.secure(link, { by: random.below(2) === 0 ? "KEY" : "SKEY" });
  }
  if (queue.off.state !== "no") {
    const answer = await queue.send(link, random);
    queue.off.seen(answer === "ERR AUTH");
  } else if (random.below(4) === 0) {
    await queue.sendUnsigned(link);
  }
}

async function emptyQueue(link: Link, queue: CrashQueue): Promise<void> {
  await barrier(link);
  while (queue.delivered) {
    const answer = await queue.acknowledge(link);
    if (answer === undefined) throw new Fault("ACK got no answer");
    if (answer === "OK") await barrier(link);
  }
  queue.ledger.empty();
}

/** What the relay had to send before is there when `PING` is answered. */
async function barrier(link: Link): Promise<void> {
  const pong = await link.request({ command: { tag: "PING" } });
  if (pong?.tag !== "PONG") {
    throw new Fault(
      `PING got ${pong === undefined ? "no answer" : words(pong)}`,
    );
  }
}
