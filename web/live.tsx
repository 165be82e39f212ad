/**
 * The overview, once and as a stream of server-sent events.
 *
 * @module
 */

import { Live, type Overview } from "./pages/overview.tsx";
import type { WebParts } from "./parts.ts";
import { viewRelay } from "./relay_view.ts";

/** How often the relay is asked while a page is open, in ms. */
const INTERVAL_MS = 5000;
/** How long a stream lasts; browsers come back by themselves. */
const LIFE_MS = 30 * 60_000;
/** Streams at a time. */
const MAX_STREAMS = 16;
/** Wait of the first view for what the doctor says of the machine, in ms. */
const MACHINE_WAIT_MS = 1500;

/** All that the overview shows. */
export async function overviewOf(parts: WebParts): Promise<Overview> {
  const { socket, settings, contribution, checkup } = parts;
  const [view, machine, room] = await Promise.all([
    viewRelay(socket),
    checkup.machine(MACHINE_WAIT_MS),
    checkup.room(),
  ]);
  if (view.counts !== undefined) contribution.add(view.counts);
  const now = new Date();
  return {
    view,
    month: contribution.month(now),
    settingsProblems: settings.current().problems,
    changed: settings.hasChanged,
    machine: machine?.findings ?? [],
    room,
    now,
  };
}

/** Streams of one page. */
export class LiveStreams {
  readonly #parts: WebParts;
  #open = 0;

  constructor(parts: WebParts) {
    this.#parts = parts;
  }

  /**
   * What changes, as events of the name `live` with HTML as JSON. It ends when
   * `isWanted` says so; then with an event `end`, for the browser to look
   * where it stands. `undefined` where there are too many.
   */
  begin(isWanted: () => boolean): ReadableStream<Uint8Array> | undefined {
    if (this.#open >= MAX_STREAMS) return undefined;
    this.#open++;
    const parts = this.#parts;
    const cancelled = new AbortController();
    const signal = AbortSignal.any([parts.signal, cancelled.signal]);
    const close = () => void this.#open--;
    return new ReadableStream<Uint8Array>({
      async start(controller) {
        const write = (text: string) =>
          controller.enqueue(new TextEncoder().encode(text));
        try {
          await stream(parts, { isWanted, signal, write });
        } catch (error) {
          if (!signal.aborted) parts.log.error("The page fails", error);
        } finally {
          close();
          if (!cancelled.signal.aborted) controller.close();
        }
      },
      cancel: () => cancelled.abort(),
    });
  }
}

async function stream(
  parts: WebParts,
  { isWanted, signal, write }: {
    isWanted: () => boolean;
    signal: AbortSignal;
    write: (text: string) => void;
  },
): Promise<void> {
  const end = performance.now() + LIFE_MS;
  let last = "";
  write("retry: 5000\n\n");
  while (!signal.aborted && performance.now() < end) {
    if (!isWanted()) return write("event: end\ndata:\n\n");
    const overview = await overviewOf(parts);
    if (signal.aborted) return;
    const html = JSON.stringify(String(<Live overview={overview} />));
    // A comment finds out whether the browser is still there.
    write(html === last ? ":\n\n" : `event: live\ndata: ${html}\n\n`);
    last = html;
    await pause(INTERVAL_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
