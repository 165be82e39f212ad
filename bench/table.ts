/**
 * The table that the benchmark prints.
 *
 * @module
 */

/** Figures by name, a column for each server. */
export class Table {
  readonly #rows = new Map<string, Map<string, number>>();
  readonly #columns: string[] = [];

  /** Adds a figure, and shows it at once on standard error. */
  add(row: string, value: number, column: string): void {
    console.error(`${column}: ${row} = ${format(value)}`);
    if (!this.#columns.includes(column)) this.#columns.push(column);
    const values = this.#rows.get(row) ?? new Map<string, number>();
    values.set(column, value);
    this.#rows.set(row, values);
  }

  /** The table as Markdown; with two servers, a column with their ratio. */
  toString(): string {
    const [first, second] = this.#columns;
    const head = ["figure", ...this.#columns];
    if (second !== undefined) head.push(`${first} / ${second}`);
    const lines = [head, head.map(() => "---")];
    for (const [row, values] of this.#rows) {
      const cells = [
        row,
        ...this.#columns.map((column) => format(values.get(column))),
      ];
      if (second !== undefined) {
        const [a, b] = [values.get(first), values.get(second)];
        cells.push(a === undefined || b === undefined ? "" : format(a / b));
      }
      lines.push(cells);
    }
    return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  }
}

function format(value: number | undefined): string {
  if (value === undefined) return "";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
