/**
 * The part of YAML 1.2 in which file descriptions are written: mappings and
 * lists in block style, scalars on one line, plain or quoted.
 *
 * Not a library for all of YAML, on purpose: the reference always writes this
 * form, and descriptions come from strangers: there is nothing here to expand,
 * to tag or to refer to.
 *
 * @module
 */

/** What a text says. Numbers and truth values are left as their text. */
export type YamlValue =
  | string
  | null
  | readonly YamlValue[]
  | ReadonlyMap<string, YamlValue>;

/** A text is not in this part of YAML. */
export class YamlError extends Error {
  override readonly name = "YamlError";
}

const SPECIAL =
  /^(?:|~|\*|y|yes|n|no|true|false|on|off|null|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|0x[0-9a-f]+|0o[0-7]+)$/i;

/**
 * A text without white space and without line break as a scalar: quoted where
 * the reference's library would (`isSpecialString` of Haskell's yaml: what
 * reads as a number, a truth value or nothing; markers of documents).
 */
export function yamlScalar(text: string): string {
  return SPECIAL.test(text) || /^(?:---|\.\.\.)/.test(text)
    ? `'${text.replaceAll("'", "''")}'`
    : text;
}

/** The value that the text says. @throws {YamlError} when it cannot be read */
export function parseYaml(text: string): YamlValue {
  const parser = new Parser(linesOf(text));
  const value = parser.block(0);
  parser.end();
  return value;
}

interface Line {
  readonly indent: number;
  readonly content: string;
}

/** Replicas need at most 600. */
const MAX_LINE_LENGTH = 4096;

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.length > MAX_LINE_LENGTH) throw new YamlError("A line too long");
    const content = line.trimStart();
    if (content === "" || content.startsWith("#")) continue;
    const indent = line.length - content.length;
    if (line.slice(0, indent).trimStart() !== "" || line[0] === "\t") {
      throw new YamlError("Lines begin with spaces only");
    }
    if (/^---\s*$/.test(line) && lines.length === 0) continue;
    if (/^\.\.\.\s*$/.test(line)) break;
    lines.push({ indent, content: content.trimEnd() });
  }
  return lines;
}

/** Descriptions need 4. */
const MAX_DEPTH = 8;
const KEY_PATTERN =
  /^([A-Za-z0-9_-]+|"[A-Za-z0-9_-]+"|'[A-Za-z0-9_-]+'):(?: +(.*))?$/;

class Parser {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  /** The mapping, list or scalar that begins in the next line. */
  block(depth: number): YamlValue {
    if (depth > MAX_DEPTH) throw new YamlError("Nested too deeply");
    const line = this.#peek();
    if (line === undefined) return null;
    if (isItem(line.content)) return this.#list(line.indent, depth);
    if (KEY_PATTERN.test(line.content)) {
      return this.#mapping(line.indent, depth);
    }
    this.#at++;
    return parseScalar(line.content);
  }

  end(): void {
    if (this.#at < this.#lines.length) throw new YamlError("Wrong indentation");
  }

  #list(indent: number, depth: number): YamlValue[] {
    const items: YamlValue[] = [];
    for (;;) {
      const line = this.#peek();
      if (line?.indent !== indent || !isItem(line.content)) return items;
      const content = line.content.slice(1).trimStart();
      if (content === "") {
        this.#at++;
        items.push(this.#nested(indent, depth));
      } else {
        // The rest of the line is the first line of the item.
        const inner = indent + line.content.length - content.length;
        this.#lines[this.#at] = { indent: inner, content };
        items.push(this.block(depth + 1));
      }
    }
  }

  #mapping(indent: number, depth: number): Map<string, YamlValue> {
    const fields = new Map<string, YamlValue>();
    for (;;) {
      const line = this.#peek();
      const match = line?.indent === indent && KEY_PATTERN.exec(line.content);
      if (!match) return fields;
      this.#at++;
      const key = match[1].replace(/^["'](.*)["']$/, "$1");
      if (fields.has(key)) throw new YamlError("The same key twice");
      const text = match[2] ?? "";
      const hasValue = text !== "" && !text.startsWith("#");
      fields.set(
        key,
        hasValue ? parseScalar(text) : this.#nested(indent, depth, true),
      );
    }
  }

  /** What is indented under a line; for mappings also a list that is not. */
  #nested(indent: number, depth: number, inMapping = false): YamlValue {
    const line = this.#peek();
    if (line === undefined) return null;
    const belongs = line.indent > indent ||
      (inMapping && line.indent === indent && isItem(line.content));
    return belongs ? this.block(depth + 1) : null;
  }

  #peek(): Line | undefined {
    return this.#at < this.#lines.length ? this.#lines[this.#at] : undefined;
  }
}

function isItem(content: string): boolean {
  return content === "-" || content.startsWith("- ");
}

function parseScalar(text: string): YamlValue {
  const quoted = /^(?:'((?:[^']|'')*)'|"([^"\\]*)")(?:\s+#.*)?$/.exec(text);
  if (quoted) return quoted[1]?.replaceAll("''", "'") ?? quoted[2];
  const plain = text.replace(/\s#.*$/, "").trimEnd();
  if (plain === "[]") return [];
  if (/^(?:null|~)$/i.test(plain)) return null;
  if (
    /^[!&*|>%@`"'{}[\],#]/.test(plain) || /^[-?:](?:\s|$)/.test(plain) ||
    /:(?:\s|$)/.test(plain)
  ) {
    throw new YamlError("Not a simple value");
  }
  return plain;
}
