/**
 * The pages as a function from requests to answers.
 *
 * @module
 */

import { Hono } from "hono";
import { fromBase64Url } from "../../relay/wire/mod.ts";
import type { Directory, RelayOverview } from "../directory.ts";
import { AboutPage } from "./about.tsx";
import { readFilter } from "./filter.ts";
import { type DirectoryFacts, Message } from "./layout.tsx";
import { ListPage } from "./list.tsx";
import { MapPage } from "./map.tsx";
import { RelayPage } from "./relay.tsx";
import { ICON, STYLE } from "./style.ts";

/** Nothing from elsewhere, no script, no inline style, in nobody's frame. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; style-src 'self'; " +
    "img-src 'self'; form-action 'self'; base-uri 'none'; " +
    "frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** How long a list of relays is used, ms: making it takes a while. */
const FRESH_MS = 5_000;
/** How long browsers may keep a page, and what does not change: seconds. */
const PAGE_SECONDS = 30;
const ASSET_SECONDS = 300;

/** What answers one request. */
export type PagesApp = (request: Request) => Response | Promise<Response>;

/** The pages of a directory. */
export function pagesApp(
  { directory, facts, onError }: {
    readonly directory: Directory;
    readonly facts: DirectoryFacts;
    /** Told of faults of the pages; must not throw. */
    readonly onError: (error: unknown) => void;
  },
): PagesApp {
  const app = new Hono();
  const relays = cached(() => directory.list());
  const kept = (seconds: number) => ({
    ...HEADERS,
    "cache-control": `public, max-age=${seconds}`,
  });
  const asset = (path: string, type: string, text: string) =>
    app.get(path, (context) =>
      context.body(text, 200, {
        ...kept(ASSET_SECONDS),
        "content-type": `${type}; charset=utf-8`,
      }));
  asset("/directory.css", "text/css", STYLE);
  asset("/icon.svg", "image/svg+xml", ICON);
  app.get("/", (context) => {
    const filter = readFilter(new URL(context.req.url).searchParams);
    return context.html(
      <ListPage facts={facts} relays={relays()} filter={filter} />,
      200,
      kept(PAGE_SECONDS),
    );
  });
  app.get("/map", (context) =>
    context.html(
      <MapPage facts={facts} relays={relays()} />,
      200,
      kept(PAGE_SECONDS),
    ));
  app.get("/about", (context) =>
    context.html(
      <AboutPage facts={facts} rules={directory.registry.rules} />,
      200,
      kept(PAGE_SECONDS),
    ));
  app.get("/relay/:fingerprint", (context) => {
    const bytes = fromBase64Url(context.req.param("fingerprint"));
    const relay = bytes?.length === 32 ? directory.relay(bytes) : undefined;
    if (relay === undefined) return context.notFound();
    const now = directory.registry.now * 1000;
    return context.html(
      <RelayPage facts={facts} relay={relay} now={now} />,
      200,
      kept(PAGE_SECONDS),
    );
  });
  app.notFound((context) =>
    context.html(
      <Message
        facts={facts}
        title="Nothing is here"
        text="This directory does not know such a page or relay."
      />,
      404,
      HEADERS,
    )
  );
  app.onError((error, context) => {
    onError(error);
    return context.html(
      <Message
        facts={facts}
        title="That did not work"
        text="The log of this core says why."
      />,
      500,
      HEADERS,
    );
  });
  return (request) => app.fetch(request);
}

function cached(
  make: () => readonly RelayOverview[],
): () => readonly RelayOverview[] {
  let value: readonly RelayOverview[] | undefined;
  let at = 0;
  return () => {
    const now = performance.now();
    if (value === undefined || now - at > FRESH_MS) {
      value = make();
      at = now;
    }
    return value;
  };
}
