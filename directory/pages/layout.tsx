/**
 * What all pages have around them.
 *
 * @module
 */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";

/** What the pages say of the directory itself. */
export interface DirectoryFacts {
  /** What it is called: the domain of its core. */
  readonly name: string;
  /** How relays and other directories reach it. */
  readonly address: string;
  readonly contact: string | undefined;
  readonly software: string;
}

const MENU = [
  ["/", "List"],
  ["/map", "Map"],
  ["/about", "How it works"],
] as const;

/** A page. */
export function Layout(
  { facts, title, here, children }: {
    readonly facts: DirectoryFacts;
    readonly title: string;
    /** Path of this page in the menu. */
    readonly here?: string;
    readonly children?: Child;
  },
) {
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <title>{`${title} · ${facts.name}`}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <link rel="icon" href="/icon.svg" type="image/svg+xml" />
          <link rel="stylesheet" href="/directory.css" />
        </head>
        <body>
          <a class="skip" href="#main">To the content</a>
          <header class="top">
            <a class="brand" href="/">
              <img src="/icon.svg" alt="" width="28" height="28" />
              <bdi>{facts.name}</bdi>
            </a>
            <nav class="menu" aria-label="Pages">
              {MENU.map(([path, text]) => (
                <a
                  href={path}
                  aria-current={path === here ? "page" : undefined}
                >
                  {text}
                </a>
              ))}
            </nav>
          </header>
          <main id="main" tabindex={-1}>{children}</main>
          <footer>
            {facts.contact === undefined ? null : (
              <p>
                Who runs this: <bdi>{facts.contact}</bdi>
              </p>
            )}
            <p>
              {facts.software}. Nothing about visitors is kept.
            </p>
          </footer>
        </body>
      </html>
    </>
  );
}

/** A page with a few sentences. */
export function Message(
  { facts, title, text }: {
    readonly facts: DirectoryFacts;
    readonly title: string;
    readonly text: string;
  },
) {
  return (
    <Layout facts={facts} title={title}>
      <section class="card">
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
          <a class="button" href="/">To the list</a>
        </p>
      </section>
    </Layout>
  );
}
