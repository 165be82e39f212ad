/**
 * Just enough XML to read what routers say of themselves, from people who may
 * be hostile: no document type, no entities beyond the five of XML itself, no
 * attributes, everything bounded.
 *
 * @module
 */

/** One element; its name without the namespace prefix. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** Its own text, trimmed, without that of its children. */
  readonly text: string;
}

/** Levels of nesting. Real descriptions have about ten. */
const MAX_DEPTH = 32;
/** Elements in a document. Real descriptions have a few hundred. */
const MAX_ELEMENTS = 5_000;
/** Characters of text in one element. */
const MAX_TEXT = 4_096;

const OPEN_TAG =
  /<(?:[A-Za-z_][\w.-]{0,63}:)?([A-Za-z_][\w.-]{0,63})(?:\s+[A-Za-z_][\w.:-]{0,63}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y;
const CLOSE_TAG = /<\/(?:[A-Za-z_][\w.-]{0,63}:)?([A-Za-z_][\w.-]{0,63})\s*>/y;

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads a document into a tree.
 *
 * @returns `undefined` if it is malformed, has a document type, or passes a
 * bound; it never throws
 */
export function parseXml(document: string): XmlElement | undefined {
  const root: OpenElement = { name: "", children: [], text: "" };
  const stack: OpenElement[] = [root];
  let elements = 0;
  let at = document.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < document.length) {
    const current = stack[stack.length - 1];
    const markup = document.indexOf("<", at);
    const end = markup === -1 ? document.length : markup;
    if (!addText(current, document.slice(at, end), { raw: false })) return;
    if (markup === -1) break;
    at = markup;
    switch (document[at + 1]) {
      case "?":
        at = after(document, "?>", at);
        break;
      case "!":
        if (document.startsWith("<!--", at)) {
          at = after(document, "-->", at + 4);
        } else if (document.startsWith("<![CDATA[", at)) {
          const start = at + 9;
          at = after(document, "]]>", start);
          const text = document.slice(start, Math.max(start, at - 3));
          if (!addText(current, text, { raw: true })) return;
        } else {
          return;
        }
        break;
      case "/": {
        CLOSE_TAG.lastIndex = at;
        const name = CLOSE_TAG.exec(document)?.[1];
        if (name === undefined || stack.length === 1) return;
        if (name !== current.name) return;
        current.text = current.text.trim();
        stack.pop();
        at = CLOSE_TAG.lastIndex;
        break;
      }
      default: {
        OPEN_TAG.lastIndex = at;
        const tag = OPEN_TAG.exec(document);
        if (tag === null || ++elements > MAX_ELEMENTS) return;
        if (stack.length === 1 && root.children.length > 0) return;
        const element: OpenElement = { name: tag[1], children: [], text: "" };
        current.children.push(element);
        if (tag[2] === "" && stack.push(element) > MAX_DEPTH + 1) return;
        at = OPEN_TAG.lastIndex;
      }
    }
    if (at === -1) return;
  }
  return stack.length === 1 ? root.children[0] : undefined;
}

/** The child with that name. */
export function child(
  element: XmlElement | undefined,
  name: string,
): XmlElement | undefined {
  return element?.children.find((one) => one.name === name);
}

/** Text of the child with that name. */
export function childText(
  element: XmlElement | undefined,
  name: string,
): string | undefined {
  return child(element, name)?.text;
}

/** Every element with that name below `element`, in document order. */
export function* descendants(
  element: XmlElement,
  name: string,
): Generator<XmlElement> {
  for (const one of element.children) {
    if (one.name === name) yield one;
    yield* descendants(one, name);
  }
}

/** Text made safe to stand in an element. */
export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function after(document: string, mark: string, from: number): number {
  const found = document.indexOf(mark, from);
  return found === -1 ? -1 : found + mark.length;
}

/** Outside the root element only white space is allowed. */
function addText(
  element: OpenElement,
  text: string,
  options: { readonly raw: boolean },
): boolean {
  if (text === "") return true;
  if (element.name === "") return text.trim() === "";
  // White space between the children of a long list does not count.
  if (element.text === "" && text.trim() === "") return true;
  if (element.text.length + text.length > MAX_TEXT) return false;
  element.text += options.raw ? text : unescapeXml(text);
  return true;
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/** What is no known entity stays as it is: some routers write a bare `&`. */
function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot|apos));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name];
      const code = hex !== undefined ? parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
