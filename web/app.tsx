/**
 * The page as a function from requests to answers.
 *
 * @module
 */

import { Hono } from "hono";
import { ICON, SCRIPT, STYLE } from "./assets.ts";
import { FormError } from "./form.ts";
import { ForeignForm, guard } from "./guard.ts";
import { Message } from "./pages/layout.tsx";
import type { WebEnv, WebParts } from "./parts.ts";
import { backupRoutes } from "./routes/backup.tsx";
import { enterRoutes } from "./routes/enter.tsx";
import { ownerRoutes } from "./routes/owner.tsx";

/** Answers one request of the machine with the address `peer`. */
export type WebApp = (
  request: Request,
  peer: string,
) => Response | Promise<Response>;

/** The page with its routes. */
export function webApp(parts: WebParts): WebApp {
  const app = new Hono<WebEnv>();
  app.use(guard(parts));
  const asset = (path: string, type: string, text: string) =>
    app.get(path, (context) =>
      context.body(text, 200, {
        "content-type": `${type}; charset=utf-8`,
        "cache-control": "no-cache",
      }));
  asset("/page.css", "text/css", STYLE);
  asset("/page.js", "text/javascript", SCRIPT);
  asset("/icon.svg", "image/svg+xml", ICON);
  enterRoutes(app, parts);
  ownerRoutes(app, parts);
  backupRoutes(app, parts);
  const message = (title: string, text: string) => (
    <Message
      name="Porchlight"
      title={title}
      formToken=""
      text={text}
      back="/"
    />
  );
  app.notFound((context) =>
    context.html(message("Nothing is here", "There is no such page."), 404)
  );
  app.onError((error, context) => {
    if (error instanceof ForeignForm) return error.answer;
    if (error instanceof FormError) {
      return context.html(
        message("That did not work", error.message),
        error.status,
      );
    }
    parts.log.error("The page fails", error);
    return context.html(
      message("That did not work", "The relay's log says why."),
      500,
    );
  });
  return (request, peer) => app.fetch(request, { peer });
}
