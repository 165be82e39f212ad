/**
 * All that browsers are shown, made once: answering looks it up.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { ANDROID_APP_LINKS, APPLE_APP_LINKS } from "./app_links.ts";
import { html } from "./html.ts";
import {
  informationPage,
  type InformationPageParts,
} from "./information_page.ts";
import { ICON, layout, STYLE } from "./layout.ts";
import { linkPages } from "./link_page.ts";
import { LINK_SCRIPT } from "./link_script.ts";

/** What a browser asks for. */
export interface PageRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** `If-None-Match`: what it has already. */
  readonly known?: string;
}

/** What it gets. */
export interface PageAnswer {
  readonly status: number;
  /** By their names in small letters, without the length. */
  readonly fields: Readonly<Record<string, string>>;
  /** To be left out in the answer to HEAD. */
  readonly body: Uint8Array;
}

/** Something that is there, as it is sent. */
interface Entry {
  readonly found: PageAnswer;
  readonly unchanged: PageAnswer;
  readonly tag: string;
}

/** How long browsers may keep a page, seconds. */
const PAGE_AGE = 600;
/** How long they may keep what only changes with a version, seconds. */
const FILE_AGE = 86_400;

const HTML_TYPE = "text/html; charset=utf-8";
const EMPTY = new Uint8Array(0);

const COMMON = {
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** A page loads nothing from elsewhere and is shown inside of no other. */
const PAGE_FIELDS = {
  ...COMMON,
  "content-type": HTML_TYPE,
  "content-security-policy": policy(),
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "x-frame-options": "DENY",
} as const;
const LINK_FIELDS = {
  ...PAGE_FIELDS,
  "content-security-policy": policy(LINK_SCRIPT),
} as const;

/** The pages of a relay. */
export class Pages {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #notFound = problem(404, {
    title: "There is no such page",
    text: "This is a SimpleX relay, which has few pages.",
  });
  readonly #notAllowed = problem(405, {
    title: "Pages here can only be read",
    text:
      "This is a SimpleX relay. It takes messages and files from the app, and nothing from forms.",
    fields: { allow: "GET, HEAD" },
  });

  constructor(parts: InformationPageParts) {
    const file = (type: string, text: string) =>
      entry(text, { ...FILE_FIELDS, "content-type": type }, FILE_AGE);
    const entries = new Map([
      ["/", entry(informationPage(parts), PAGE_FIELDS, PAGE_AGE)],
      ["/favicon.svg", file("image/svg+xml", ICON)],
      [
        "/robots.txt",
        file("text/plain; charset=utf-8", "User-agent: *\nDisallow: /\n"),
      ],
      [
        "/.well-known/apple-app-site-association",
        file("application/json", APPLE_APP_LINKS),
      ],
      [
        "/.well-known/assetlinks.json",
        file("application/json", ANDROID_APP_LINKS),
      ],
    ]);
    for (const [path, page] of linkPages()) {
      const made = entry(page, LINK_FIELDS, PAGE_AGE);
      entries.set(path, made);
      entries.set(`${path}/`, made);
    }
    this.#entries = entries;
  }

  /** The answer to a request. Nothing of the request comes back in it. */
  answer({ method, target, known }: PageRequest): PageAnswer {
    if (method !== "GET" && method !== "HEAD") return this.#notAllowed;
    const query = target.indexOf("?");
    const path = query < 0 ? target : target.slice(0, query);
    const entry = this.#entries.get(path);
    if (entry === undefined) return this.#notFound;
    return known?.includes(entry.tag) ? entry.unchanged : entry.found;
  }
}

const FILE_FIELDS = {
  ...COMMON,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

function entry(
  text: string,
  fields: Readonly<Record<string, string>>,
  age: number,
): Entry {
  const body = new TextEncoder().encode(text);
  const tag = `"${sha256(body).slice(0, 22)}"`;
  const kept = {
    ...fields,
    "cache-control": `public, max-age=${age}`,
    etag: tag,
  };
  return {
    tag,
    found: { status: 200, fields: kept, body },
    unchanged: { status: 304, fields: kept, body: EMPTY },
  };
}

function problem(
  status: number,
  { title, text, fields }: {
    title: string;
    text: string;
    fields?: Readonly<Record<string, string>>;
  },
): PageAnswer {
  const page = layout({
    title,
    content: html`
      <section class="card">
        <h1>${title}</h1>
        <p>${text}</p>
        <p><a href="/">About this relay</a></p>
      </section>
    `,
  });
  return {
    status,
    fields: { ...PAGE_FIELDS, "cache-control": "no-store", ...fields },
    body: new TextEncoder().encode(page),
  };
}

/** Allows the style sheet, this script, and the icon. */
function policy(script?: string): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${sha256(STYLE)}'`,
    ...script === undefined ? [] : [`script-src 'sha256-${sha256(script)}'`],
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("base64");
}
