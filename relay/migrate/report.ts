/**
 * What an import or export came upon. Neither IDs nor contents are in it: the
 * number of a line tells its owner where to look.
 *
 * @module
 */

/** Something that was not taken. */
export interface Problem {
  /** Name of the file. */
  readonly file: string;
  /** Line in it, from 1. */
  readonly line?: number;
  /** A sentence without its end. */
  readonly text: string;
}

/** So many problems are kept; the rest is counted. */
const KEPT = 1000;

/** Problems and remarks in the order in which they were met. */
export class Findings {
  readonly #problems: Problem[] = [];
  readonly #notes: string[] = [];
  #count = 0;

  /** Something is kept out. */
  problem(problem: Problem): void {
    this.#count++;
    if (this.#problems.length < KEPT) this.#problems.push(problem);
  }

  /** Something that the owner should know: whole sentences. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** The first thousand problems. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Number of all problems. */
  get problemCount(): number {
    return this.#count;
  }

  get notes(): readonly string[] {
    return this.#notes;
  }
}

/** An import or export cannot be done; the message says what to do. */
export class MigrateError extends Error {
  override readonly name = "MigrateError";
}
