/**
 * HTML in which whatever is put in is text, unless it is HTML itself.
 *
 * @module
 */

/** HTML that is safe to send. */
export class Html {
  readonly text: string;

  /** @param text HTML as it stands; nothing in it may come from elsewhere. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What can be put into HTML: `undefined` is nothing. */
export type HtmlValue =
  | string
  | number
  | Html
  | readonly HtmlValue[]
  | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * HTML from a template, for content and for attributes in quotes.
 *
 * ```ts
 * html`<a href="${"/?a&b"}">${"<b>"}</a>`.text;
 * // <a href="/?a&amp;b">&lt;b&gt;</a>
 * ```
 */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly HtmlValue[]
): Html {
  let text = parts[0];
  for (const [index, value] of values.entries()) {
    text += textOf(value) + parts[index + 1];
  }
  return new Html(text);
}

function textOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(textOf).join("");
  return String(value).replace(/[&<>"']/g, (sign) => ENTITIES[sign]);
}
