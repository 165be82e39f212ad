/**
 * What all pages have around them.
 *
 * @module
 */

import { Html, html } from "./html.ts";

/** A lamp in a doorway. */
export const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1d2b3a"/><path d="M16 5v4" stroke="#f4b942" stroke-width="2" stroke-linecap="round"/><path d="M9 18a7 7 0 0 1 14 0z" fill="#f4b942"/><circle cx="16" cy="20" r="3" fill="#fff3d1"/><path d="M8 26h16" stroke="#f4b942" stroke-width="2" stroke-linecap="round" opacity=".55"/></svg>\n`;

/** The style sheet of all pages, which each one has in it. */
export const STYLE = `
:root {
  --ground: #f4f2ee; --card: #fff; --text: #1c2430; --soft: #565f6b;
  --line: #d9d4ca; --accent: #8a5300; --accent-text: #fff; --warn: #965a00;
  --focus: #1d5fa8; color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12171d; --card: #1b222b; --text: #eceff3; --soft: #a9b3bf;
    --line: #323c48; --accent: #f4b942; --accent-text: #1c1300; --warn: #f4b942;
    --focus: #f4b942;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
header, main { max-width: 46rem; margin: 0 auto; padding: .75rem 1rem; }
header a { display: inline-flex; align-items: center; gap: .6rem; min-height: 44px;
  font-weight: 650; color: inherit; text-decoration: none; }
header svg { width: 28px; height: 28px; }
main { display: grid; gap: 1rem; padding-top: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 1.25rem; min-width: 0; }
.card > :first-child { margin-top: 0; }
.card > :last-child, .card > div > :last-child { margin-bottom: 0; }
h1 { font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 .75rem; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 1.5rem 0 .8rem; }
p, ol { margin: .6rem 0; }
ol { padding-left: 1.4rem; }
li { margin: .35rem 0; }
.soft { color: var(--soft); font-size: .92rem; }
dl { margin: 0; }
dl > div { padding: .55rem 0; border-top: 1px solid var(--line); }
dl > div:first-child { border-top: 0; padding-top: 0; }
dl > div:last-child { padding-bottom: 0; }
dt { color: var(--soft); font-size: .92rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.button { display: block; width: 100%; min-height: 48px; padding: .7rem 1.2rem;
  border: 1px solid var(--accent); border-radius: 10px; text-align: center;
  font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
  background: var(--accent); color: var(--accent-text); }
.second { background: none; color: var(--accent); }
.warn { border-left: 5px solid var(--warn); padding-left: 1rem; }
.qr { display: block; width: min(100%, 20rem); margin: .75rem auto 1.25rem; border-radius: 10px;
  background: #fff; }
.apps { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: 0; }
.apps li { margin: 0; }
.apps a { display: inline-block; padding: .55rem 0; }
@media (min-width: 40rem) {
  header, main { padding-left: 1.5rem; padding-right: 1.5rem; }
  .card { padding: 1.75rem; }
  dl > div { display: grid; grid-template-columns: 14rem 1fr; gap: 1rem; }
  dt { font-size: 1rem; }
  .button { display: inline-block; width: auto; min-width: 14rem; }
  .qr { margin-left: 0; width: 22rem; }
}
`;

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  readonly content: Html;
  /** Runs at the end of the page. */
  readonly script?: string;
}

/** A whole page. */
export function layout({ title, content, script }: PageParts): string {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <title>${title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <link rel="icon" href="/favicon.svg" type="image/svg+xml">
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
    <header><a href="/">${LOGO}<span>SimpleX relay</span></a></header>
    <main>
    ${content}
    </main>
    ${script === undefined
      ? undefined
      : new Html(`<script>${script}</script>\n`)}</body>
    </html>
  `.text;
}

const LOGO = new Html(
  ICON.trim().replace("<svg ", '<svg aria-hidden="true" '),
);
