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
  readonly #texts = new Map<string, readonly string[]>();

  /** Sets the addresses of `label`; `undefined` removes the name. */
  setAddresses(label: string, addresses: NameAddresses | undefined): void {
    if (addresses === undefined) this.#addresses.delete(label);
    else this.#addresses.set(label, addresses);
  }

  /** Sets the TXT values of `name` below `label`; none removes them. */
  setTexts(label: string, name: string, values: readonly string[]): void {
    const key = `${name}.${label}`;
    if (values.length === 0) this.#texts.delete(key);
    else this.#texts.set(key, values);
  }

  /** The addresses of `label`, if there is such a name. */
  addresses(label: string): NameAddresses | undefined {
    return this.#addresses.get(label);
  }

  /** The TXT values of `name` below `label`. */
  texts(label: string, name: string): readonly string[] {
    return this.#texts.get(`${name}.${label}`) ?? [];
  }
}
