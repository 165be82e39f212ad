/**
 * What the names below a core's domain say at the moment.
 *
 * @module
 */

/** Addresses of one name. */
export interface NameAddresses {
  readonly a: readonly string[];
  readonly aaaa: readonly string[];
}

/** Names by label; the part that answers DNS reads them. */
export class NameTable {
  readonly #addresses = new Map<string, NameAddresses>();
  readonly #texts = new Map<string, Map<string, readonly string[]>>();

  /** Sets the addresses of `label`. */
  setAddresses(label: string, addresses: NameAddresses): void {
    this.#addresses.set(label, addresses);
  }

  /** Sets the TXT values of `name` below `label`; none removes them. */
  setTexts(label: string, name: string, values: readonly string[]): void {
    const texts = this.#texts.get(label) ?? new Map();
    if (values.length === 0) texts.delete(name);
    else texts.set(name, values);
    if (texts.size === 0) this.#texts.delete(label);
    else this.#texts.set(label, texts);
  }

  /** Removes a name and what is below it. */
  remove(label: string): void {
    this.#addresses.delete(label);
    this.#texts.delete(label);
  }

  /** The addresses of `label`, if there is such a name. */
  addresses(label: string): NameAddresses | undefined {
    return this.#addresses.get(label);
  }

  /** The TXT values of `name` below `label`. */
  texts(label: string, name: string): readonly string[] {
    return this.#texts.get(label)?.get(name) ?? [];
  }
}
