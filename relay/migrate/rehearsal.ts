/**
 * A store that keeps nothing, to see what an import would take.
 *
 * @module
 */

import type { ImportStore } from "./store_import.ts";

/** Takes everything and forgets it. */
export class Rehearsal implements ImportStore {
  readonly hasRoom = true;
  onFailure: ImportStore["onFailure"];
  #last = 0;

  nextQueueKey(): number {
    return ++this.#last;
  }

  nextSeq(): number {
    return ++this.#last;
  }

  findQueue(): undefined {
    return undefined;
  }

  findService(): undefined {
    return undefined;
  }

  write(): void {}

  flush(): Promise<void> {
    return Promise.resolve();
  }
}
