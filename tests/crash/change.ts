/**
 * A change of a queue or file that is made once and stays: secured, switched
 * off, deleted. An answer that never came leaves it open whether it was made.
 *
 * @module
 */

import { Fault } from "./fault.ts";

/** What is known of one change. */
export class Change {
  readonly #what: string;
  readonly #subject: string;
  #state: "no" | "maybe" | "yes" = "no";

  /** `what`: the change in words, such as "switched off". */
  constructor(what: string, subject = "a queue") {
    this.#what = what;
    this.#subject = subject;
  }

  /** Whether it was surely not made, surely made, or neither is known. */
  get state(): "no" | "maybe" | "yes" {
    return this.#state;
  }

  /** The command was sent. */
  asked(): void {
    if (this.#state === "no") this.#state = "maybe";
  }

  /** The command got its `OK`. */
  done(): void {
    this.#state = "yes";
  }

  /**
   * How it is, seen while no command was under way.
   *
   * @throws {Fault} when that is not what was answered
   */
  seen(made: boolean): void {
    if (made && this.#state === "no") {
      throw new Fault(
        `${this.#subject} is ${this.#what} that nobody has ${this.#what}`,
      );
    }
    if (!made && this.#state === "yes") {
      throw new Fault(
        `${this.#subject} is not ${this.#what} although that was answered with OK`,
      );
    }
    this.#state = made ? "yes" : "no";
  }
}
