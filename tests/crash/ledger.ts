/**
 * What a client knows about the messages of one queue, and what the relay may
 * do next because of it. Pure: no clock, no network.
 *
 * Messages have numbers from 0 in the order in which they are sent, all over
 * one connection at a time, so their order in the queue is theirs. What the
 * relay must do:
 *
 * - a message whose `SEND` got `OK`, or that was delivered, is delivered, in
 *   order, until its `ACK` was sent, and never once its `ACK` was answered;
 * - one whose `SEND` got no answer is there or not, one that was refused is not;
 * - one whose `ACK` got no answer may come again. If the relay has started
 *   anew and begins behind it, it is gone for good;
 * - in one subscription the next message comes only after an `ACK`;
 * - a full queue holds one `QUOTA` marker at its end, where the first refused
 *   message would be; while it is there every message is refused.
 *
 * @module
 */

import { Fault } from "./fault.ts";

/** How `SEND` was answered. */
export type SendAnswer = "OK" | "QUOTA" | "AUTH";

/** What was delivered. */
export interface Delivered {
  /** The message's number; "quota" for the marker of a full queue. */
  readonly what: number | "quota";
  /** The relay's ID of the message. */
  readonly id: string;
}

interface Entry {
  readonly number: number;
  kind: "message" | "marker";
  /** Why it is gone, if it is; `maybe`: `SEND` has not been answered. */
  presence: "maybe" | "stored" | "acknowledged" | "refused" | "absent";
  /** Whether its `ACK` was sent and not answered, and to which relay. */
  askedIn: number | undefined;
  /** Start of the relay in which it was sent. */
  readonly sentIn: number;
  /** Whether a full queue would be no surprise when it was sent. */
  readonly mayBeRefused: boolean;
  /** The relay's ID, once it is known. */
  id: string | undefined;
}

/** The messages of one queue. Each method throws `Fault` when a rule is broken. */
export class Ledger {
  readonly #quota: number;
  readonly #entries: Entry[] = [];
  /** All before this one are gone. */
  #first = 0;
  /** Counts starts of the relay. */
  #run = 0;
  /** Last number delivered in this subscription. */
  #cursor = -1;
  /** Delivered, `ACK` not sent. */
  #outstanding: Entry | undefined;

  /** `quota`: messages that the queue may hold. */
  constructor(quota: number) {
    this.#quota = quota;
  }

  /** How many messages were sent. */
  get sends(): number {
    return this.#entries.length;
  }

  /** Messages that are surely in the queue, and those that may be. */
  get counts(): { readonly sure: number; readonly unsure: number } {
    const here = this.#here();
    const sure = here.filter(isSure).length;
    return { sure, unsure: here.length - sure };
  }

  /** A message is sent; its number. */
  sending(): number {
    const here = this.#here();
    const number = this.#entries.length;
    this.#entries.push({
      number,
      kind: "message",
      presence: "maybe",
      askedIn: undefined,
      sentIn: this.#run,
      mayBeRefused: here.length >= this.#quota ||
        here.some((entry) =>
          entry.kind === "marker" || entry.presence === "maybe"
        ),
      id: undefined,
    });
    return number;
  }

  /** `SEND` of this message was answered. */
  sendAnswered(number: number, answer: SendAnswer): void {
    const entry = this.#entries[number];
    if (answer === "OK") this.#sendTaken(entry);
    else this.#sendRefused(entry, answer);
  }

  /** The relay was started anew. */
  restarted(): void {
    this.#run++;
    this.subscribing();
  }

  /** A new subscription begins: the first message comes again. */
  subscribing(): void {
    this.#cursor = -1;
    this.#outstanding = undefined;
  }

  /** A message was delivered. */
  delivered({ what, id }: Delivered): void {
    if (this.#outstanding !== undefined) {
      throw new Fault(
        `${describe(what)} came before the ACK of ${name(this.#outstanding)}`,
      );
    }
    const entry = what === "quota"
      ? this.#deliveredMarker(id)
      : this.#deliveredMessage(what, id);
    if (entry.id !== undefined && entry.id !== id) {
      throw new Fault(`${name(entry)} came again under another message ID`);
    }
    this.#passedBy(entry.number);
    entry.id = id;
    entry.presence = "stored";
    // An ACK to a relay that was killed since has not been carried out.
    if (entry.askedIn !== this.#run) entry.askedIn = undefined;
    this.#cursor = entry.number;
    this.#outstanding = entry;
  }

  /** `ACK` of the delivered message is sent; a handle for its answer. */
  acknowledging(): number {
    const entry = this.#outstanding;
    if (entry === undefined) throw new RangeError("Nothing was delivered");
    entry.askedIn = this.#run;
    this.#outstanding = undefined;
    return entry.number;
  }

  /** `ACK` was answered with `OK` or the next message. */
  acknowledged(number: number): void {
    this.#entries[number].presence = "acknowledged";
    this.#forget();
  }

  /** The queue says that it has no more messages; nothing is under way. */
  empty(): void {
    this.#passedBy(this.#entries.length);
  }

  /** The queue says how many messages, with the marker, it holds. */
  size(count: number): void {
    const here = this.#here();
    const least = here.filter(isSure).length;
    if (count < least || count > here.length) {
      throw new Fault(
        `a queue holds ${count} messages and must hold ${least} to ${here.length}`,
      );
    }
  }

  #sendTaken(entry: Entry): void {
    if (entry.kind === "marker") {
      throw new Fault(`${name(entry)} came in place of a message that got OK`);
    }
    if (entry.presence === "absent") {
      throw new Fault(`${name(entry)} got OK and was left out of the delivery`);
    }
    if (entry.presence !== "maybe") return;
    entry.presence = "stored";
    const before = this.#here().filter((each) =>
      isSure(each) && each.number < entry.number
    );
    if (before.some(({ kind }) => kind === "marker")) {
      throw new Fault(`${name(entry)} got OK behind a quota marker`);
    }
    const stored = [...before, entry];
    if (stored.length > this.#quota) {
      throw new Fault(
        `a queue took ${stored.length} messages and its quota is ${this.#quota}`,
      );
    }
  }

  #sendRefused(entry: Entry, answer: "QUOTA" | "AUTH"): void {
    // The marker was delivered before the answer came.
    if (entry.kind === "marker" && answer === "QUOTA") return;
    if (entry.presence === "stored" || entry.presence === "acknowledged") {
      throw new Fault(`${name(entry)} was delivered, and SEND got ${answer}`);
    }
    entry.presence = "refused";
    if (answer === "AUTH") return;
    if (!entry.mayBeRefused) {
      throw new Fault(`${name(entry)} was refused, and the queue was not full`);
    }
    this.#mark(entry);
  }

  /** The refused message is where the marker stands, unless one stands before. */
  #mark(entry: Entry): void {
    let unsure = false;
    for (let i = entry.number - 1; i >= 0; i--) {
      const before = this.#entries[i];
      if (before.presence === "refused" || before.presence === "absent") {
        continue;
      }
      if (before.presence === "maybe" && before.kind === "message") {
        unsure = true;
        continue;
      }
      if (before.kind === "marker" && !unsure) return;
      entry.kind = "marker";
      entry.presence = before.kind === "marker" ? "maybe" : "stored";
      break;
    }
    if (entry.kind === "message" && unsure) {
      entry.kind = "marker";
      entry.presence = "stored";
    }
    // A later entry may be the first that is here no more.
    this.#first = Math.min(this.#first, entry.number);
  }

  #deliveredMessage(number: number, id: string): Entry {
    const entry = this.#entries[number];
    if (entry === undefined) {
      throw new Fault(`message ${number} was delivered and never sent`);
    }
    if (entry.kind === "marker") {
      throw new Fault(`message ${number} was delivered and had been refused`);
    }
    switch (entry.presence) {
      case "acknowledged":
        throw new Fault(
          `${name(entry)} was delivered after its ACK was answered${
            entry.id === id ? "" : ", under another message ID"
          }`,
        );
      case "refused":
        throw new Fault(`${name(entry)} was delivered and had been refused`);
      case "absent":
        throw new Fault(`${name(entry)} was delivered out of order`);
    }
    if (number === this.#cursor) {
      throw new Fault(`${name(entry)} was delivered twice`);
    }
    if (number < this.#cursor) {
      throw new Fault(`${name(entry)} was delivered out of order`);
    }
    return entry;
  }

  /** The entry that the marker stands for. */
  #deliveredMarker(id: string): Entry {
    let candidate: Entry | undefined;
    let sure: Entry | undefined;
    for (const entry of this.#here()) {
      if (entry.number <= this.#cursor) continue;
      const same = entry.id === undefined || entry.id === id;
      if (entry.kind === "marker" && same) return entry;
      if (isSure(entry)) {
        sure = entry;
        break;
      }
      // Its SEND has no answer: it may be the one that found the queue full.
      if (entry.presence === "maybe" && entry.id === undefined) {
        candidate ??= entry;
      }
    }
    // It would have been refused if that marker had been there.
    if (sure !== undefined) {
      throw new Fault(`a quota marker came and ${name(sure)} did not`);
    }
    if (candidate === undefined) {
      throw new Fault("a quota marker came that nobody caused");
    }
    candidate.kind = "marker";
    return candidate;
  }

  /** The relay went on to `number`: what is before it is not in the queue. */
  #passedBy(number: number): void {
    for (const entry of this.#here()) {
      if (entry.number >= number) break;
      if (isSure(entry)) {
        throw new Fault(
          `${name(entry)} is lost: ${
            entry.id === undefined ? "its SEND got OK" : "it was delivered"
          }, and it was not acknowledged`,
        );
      }
      if (entry.askedIn === undefined) entry.presence = "absent";
      else if (entry.askedIn < this.#run) entry.presence = "acknowledged";
    }
    this.#forget();
  }

  /** What may be in the queue, in order. */
  #here(): Entry[] {
    return this.#entries.slice(this.#first).filter(({ presence }) =>
      presence === "maybe" || presence === "stored"
    );
  }

  #forget(): void {
    const next = this.#here()[0];
    this.#first = next?.number ?? this.#entries.length;
  }
}

/** Whether the entry must be in the queue. */
function isSure(entry: Entry): boolean {
  return entry.presence === "stored" && entry.askedIn === undefined;
}

function describe(what: number | "quota"): string {
  return what === "quota" ? "a quota marker" : `message ${what}`;
}

function name({ kind, number }: Entry): string {
  return describe(kind === "marker" ? "quota" : number);
}
