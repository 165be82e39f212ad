/**
 * What all pages have around them.
 *
 * @module
 */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";

/** Name of the hidden field that only this page knows the value of. */
export const FORM_TOKEN = "form_token";

/** The main pages, in the order of the menu. */
const MENU = [
  ["/", "Overview"],
  ["/check", "Check-up"],
  ["/settings", "Settings"],
  ["/backup", "Backup"],
] as const;

/** What a page is shown with. */
export interface LayoutProps {
  /** What the relay is called. */
  readonly name: string;
  readonly title: string;
  /** For the forms of the page; the menu is there where somebody is logged in. */
  readonly formToken: string;
  readonly loggedIn?: boolean;
  /** Path of this page in the menu. */
  readonly here?: string;
  /** Something that was done, to say once. */
  readonly notice?: string;
  /** Loaded again after so many seconds. */
  readonly refreshSeconds?: number;
  readonly refreshTo?: string;
  readonly children?: Child;
}

export function Layout(props: LayoutProps) {
  const { name, title, formToken, here, notice } = props;
  const { refreshSeconds, refreshTo } = props;
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <title>{title === name ? name : `${title} · ${name}`}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="referrer" content="same-origin" />
          {refreshSeconds === undefined ? null : (
            <meta
              http-equiv="refresh"
              content={refreshTo === undefined
                ? String(refreshSeconds)
                : `${refreshSeconds}; url=${refreshTo}`}
            />
          )}
          <link rel="icon" href="/icon.svg" type="image/svg+xml" />
          <link rel="stylesheet" href="/page.css" />
          <script src="/page.js" defer></script>
        </head>
        <body>
          <a class="skip" href="#main">To the content</a>
          <header class="top">
            <a class="brand" href="/">
              <img src="/icon.svg" alt="" width="28" height="28" />
              <span>{name}</span>
            </a>
            {props.loggedIn
              ? (
                <nav aria-label="Pages">
                  {MENU.map(([path, text]) => (
                    <a
                      href={path}
                      aria-current={path === here ? "page" : undefined}
                    >
                      {text}
                    </a>
                  ))}
                  <Form action="/logout" formToken={formToken} class="inline">
                    <button class="link" type="submit">Log out</button>
                  </Form>
                </nav>
              )
              : null}
          </header>
          <main id="main" tabindex={-1}>
            {notice === undefined
              ? null
              : <p class="notice" role="status">{notice}</p>}
            {props.children}
          </main>
        </body>
      </html>
    </>
  );
}

/** A form that only this page can send. */
export function Form(
  props: {
    readonly action: string;
    readonly formToken: string;
    readonly class?: string;
    readonly children?: Child;
  },
) {
  return (
    <form method="post" action={props.action} class={props.class}>
      <input type="hidden" name={FORM_TOKEN} value={props.formToken} />
      {props.children}
    </form>
  );
}

/** What is wrong with what was entered. */
export function Problems({ list }: { readonly list: readonly string[] }) {
  if (list.length === 0) return null;
  return (
    <div class="alert" role="alert">
      {list.map((text) => <p>{text}</p>)}
    </div>
  );
}

/** A page with a few sentences. */
export function Message(
  props: LayoutProps & { readonly text: string; readonly back?: string },
) {
  const { text, back, ...layout } = props;
  return (
    <Layout {...layout}>
      <section class="card narrow">
        <h1>{layout.title}</h1>
        <p>{text}</p>
        {back === undefined ? null : (
          <p>
            <a class="button" href={back}>Back</a>
          </p>
        )}
      </section>
    </Layout>
  );
}
