/**
 * What stands before every page: only machines of the same network, only by
 * this machine's own names, only forms of this page.
 *
 * @module
 */

import { getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { readForm } from "./form.ts";
import { isLocalPeer, isOwnHost, ownNames } from "./local_network.ts";
import { FORM_TOKEN } from "./pages/layout.tsx";
import type { WebContext, WebEnv, WebParts } from "./parts.ts";
import { COOKIE, isSameToken, newToken } from "./sessions.ts";

/** Cookie of those who are not logged in. */
const VISITOR_COOKIE = "porchlight-visitor";
const TOKEN = /^[\w-]{43}$/;

/** Nothing from elsewhere, no inline script or style, in nobody's frame. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; " +
    "style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "no-store",
};

/** Headers by which proxies say that somebody else asks. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/** Refuses all that is not a browser of the same network, and sets headers. */
export function guard({ settings, interfaces }: WebParts) {
  return createMiddleware<WebEnv>(async (context, next) => {
    for (const [name, value] of Object.entries(HEADERS)) {
      context.header(name, value);
    }
    const { req } = context;
    const known = interfaces();
    if (
      !isLocalPeer(context.env.peer, known) ||
      FORWARDED.some((name) => req.header(name) !== undefined)
    ) {
      return context.text("This page is for the relay's own network.\n", 403);
    }
    const names = [...ownNames(), ...settings.current().config.web.hosts];
    if (!isOwnHost(req.header("host") ?? null, names, known)) {
      return context.text(
        "This machine does not know itself by this name. Open the page by its " +
          "IP address, or add the name to web.hosts in porchlight.toml.\n",
        421,
      );
    }
    if (!/^(?:GET|HEAD|POST)$/.test(req.method)) {
      return context.text("Only GET and POST.\n", 405, {
        allow: "GET, HEAD, POST",
      });
    }
    if (req.method === "POST" && !isOwnForm(context)) return refuse(context);
    await next();
  });
}

/** What browsers say of where a form comes from; old ones say nothing. */
function isOwnForm({ req }: WebContext): boolean {
  const origin = req.header("origin");
  const site = req.header("sec-fetch-site");
  return (origin === undefined || origin === `http://${req.header("host")}`) &&
    (site === undefined || site === "same-origin");
}

function refuse(context: WebContext) {
  return context.text(
    "This form does not come from this page, or it is too old. Go back, load " +
      "the page again, and try once more.\n",
    403,
  );
}

/** The token of the session's cookie. */
export function sessionToken(context: WebContext): string | undefined {
  return getCookie(context, COOKIE);
}

/** Begins a session for whoever asks. */
export function logIn(context: WebContext, { sessions }: WebParts): void {
  setCookie(context, COOKIE, sessions.begin(), {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
  });
}

/** Lets the owner pass; others are led to the way in. */
export function ownerOnly({ sessions, password }: WebParts) {
  return createMiddleware<WebEnv>(async (context, next) => {
    if (!await password.isSet()) {
      sessions.endAll();
      return context.redirect("/setup", 303);
    }
    // A page that is open and asks by itself is no use of it.
    const use = context.req.path !== "/events";
    const session = sessions.get(sessionToken(context), { use });
    if (session === undefined) return context.redirect("/login", 303);
    context.set("session", session);
    await next();
  });
}

/** The token for a form of somebody who is not logged in; sets their cookie. */
export function visitorToken(
  context: WebContext,
  { sessions }: WebParts,
): string {
  const known = getCookie(context, VISITOR_COOKIE);
  const visitor = known !== undefined && TOKEN.test(known) ? known : newToken();
  if (visitor !== known) {
    setCookie(context, VISITOR_COOKIE, visitor, {
      path: "/",
      httpOnly: true,
      sameSite: "Strict",
    });
  }
  return sessions.formTokenFor(visitor);
}

/** A form that is not one of ours; `answer` says so to the browser. */
export class ForeignForm extends Error {
  override readonly name = "ForeignForm";

  constructor(readonly answer: Response) {
    super("A form does not come from this page");
  }
}

/**
 * The form of somebody who is not logged in.
 *
 * @throws {ForeignForm}
 * @throws {FormError}
 */
export async function visitorForm(
  context: WebContext,
  { sessions }: WebParts,
): Promise<URLSearchParams> {
  const visitor = getCookie(context, VISITOR_COOKIE) ?? "";
  const form = await readForm(context.req.raw);
  const token = form.get(FORM_TOKEN) ?? "";
  if (
    TOKEN.test(visitor) && isSameToken(token, sessions.formTokenFor(visitor))
  ) return form;
  throw new ForeignForm(refuse(context));
}

/**
 * The form of the owner.
 *
 * @throws {ForeignForm}
 * @throws {FormError}
 */
export async function ownerForm(context: WebContext): Promise<URLSearchParams> {
  const form = await readForm(context.req.raw);
  const token = form.get(FORM_TOKEN) ?? "";
  if (isSameToken(token, context.get("session").formToken)) return form;
  throw new ForeignForm(refuse(context));
}
