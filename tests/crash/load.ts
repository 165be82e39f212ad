/**
 * Load: senders and recipients of all queues at once, and changes of queues,
 * until the relay is killed.
 *
 * @module
 */

import type { SeededRandom } from "../seeded_random.ts";
import type { Link } from "./link.ts";
import { CrashQueue } from "./queue.ts";

/** What the load works on. */
export interface LoadOptions {
  /** Open connections; the first has the subscriptions of the check. */
  readonly links: readonly Link[];
  /** Queues; those that the load creates are added. */
  readonly queues: CrashQueue[];
  readonly quota: number;
  /** A generator for each actor, so that their order does not matter. */
  readonly fork: () => SeededRandom;
  /** How long the relay will live about, in milliseconds. */
  readonly lifeMs: number;
  readonly newIndex: () => number;
  readonly report: (error: unknown) => void;
}

/** Runs the load; resolves when the relay is gone. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const { queues, fork } = options;
  const random = fork();
  const actors = queues.filter((queue) => queue.deleted.state === "no")
    .map((queue) => useQueue(queue, options));
  const alive = actors.length;
  const newcomers = alive < 4 ? 4 - alive : random.below(alive < 12 ? 3 : 1);
  for (let i = 0; i < newcomers; i++) actors.push(newQueue(options));
  await Promise.all(
    actors.map((actor) => actor.catch((error) => options.report(error))),
  );
}

async function newQueue(options: LoadOptions): Promise<void> {
  const { quota, newIndex, report, lifeMs } = options;
  const random = options.fork();
  await pause(random.below(lifeMs / 2));
  const link = pick(options.links, random);
  const queue = await CrashQueue.create(
    link,
    { index: newIndex(), quota, random },
    report,
  );
  if (queue === undefined) return;
  options.queues.push(queue);
  await queue.secure(link, { by: random.below(2) === 0 ? "KEY" : "SKEY" });
  if (queue.secured.state === "yes") await use(queue, link, options);
}

async function useQueue(
  queue: CrashQueue,
  options: LoadOptions,
): Promise<void> {
  const random = options.fork();
  let [link] = options.links;
  if (random.below(2) === 0) {
    link = pick(options.links, random);
    await queue.subscribe(link);
  }
  await use(queue, link, options);
}

/** Sends, receives and perhaps ends a queue; `link` is subscribed to it. */
async function use(
  queue: CrashQueue,
  link: Link,
  options: LoadOptions,
): Promise<void> {
  const { links, fork, lifeMs } = options;
  const random = fork();
  const sender = pick(links, random);
  const work = [receive(queue, link, fork())];
  if (queue.takesMessages && queue.secured.state === "yes") {
    const lanes = 1 + random.below(6);
    for (let i = 0; i < lanes; i++) work.push(send(queue, sender, fork()));
  }
  const end = random.below(16);
  if (end < 2) {
    const after = random.below(lifeMs);
    work.push(
      pause(after).then(() =>
        end === 0 ? queue.delete(link) : queue.switchOff(link)
      ),
    );
  }
  await Promise.all(work);
}

/** One of several senders' commands under way at the same time. */
async function send(
  queue: CrashQueue,
  link: Link,
  random: SeededRandom,
): Promise<void> {
  const pauses = random.below(3) === 0;
  while (link.open && queue.takesMessages) {
    const answer = await queue.send(link, random);
    if (answer === undefined) return;
    // A full queue empties no sooner for being asked again at once.
    if (answer !== "OK") await pause(5 + random.below(30));
    else if (pauses) await pause(random.below(12));
  }
}

/** Acknowledges at once, slowly, only a few, or not at all. */
async function receive(
  queue: CrashQueue,
  link: Link,
  random: SeededRandom,
): Promise<void> {
  const kind = random.below(6);
  let left = kind === 0 ? 0 : kind === 1 ? random.below(20) : Infinity;
  const slow = kind === 2;
  while (left-- > 0 && link.open && queue.deleted.state === "no") {
    if (!queue.delivered) await delivery(queue, link);
    if (!queue.delivered) continue;
    if (slow) await pause(random.below(20));
    if (queue.deleted.state !== "no") return;
    if (await queue.acknowledge(link) === undefined) return;
  }
}

/** Resolves when a message has come; looks now and then whether the relay lives. */
function delivery(queue: CrashQueue, link: Link): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearInterval(timer);
      queue.onDelivery = undefined;
      resolve();
    };
    const timer = setInterval(() => {
      if (!link.open || queue.deleted.state !== "no") done();
    }, 20);
    queue.onDelivery = done;
  });
}

function pick<T>(from: readonly T[], random: SeededRandom): T {
  return from[random.below(from.length)];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
