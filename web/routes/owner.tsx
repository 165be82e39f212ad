/**
 * What the owner sees and does.
 *
 * @module
 */

import type { Hono } from "hono";
import { ConfigError } from "../../config/mod.ts";
import { ownerForm, ownerOnly, sessionToken } from "../guard.ts";
import { logIn } from "../guard.ts";
import { LiveStreams, overviewOf } from "../live.tsx";
import { peerGroup } from "../local_network.ts";
import { CheckPage } from "../pages/check.tsx";
import { PasswordPage, RestartingPage } from "../pages/keep.tsx";
import { OverviewPage } from "../pages/overview.tsx";
import { CLEAR, SettingsPage } from "../pages/settings.tsx";
import { isStarting } from "../pages/words.ts";
import type { WebContext, WebEnv, WebParts } from "../parts.ts";
import { viewRelay } from "../relay_view.ts";
import { simpleSettings } from "../simple_settings.ts";
import { changeSimple, newPasswordProblem, simpleFrom } from "./enter.tsx";
import { restart } from "./restart.tsx";

/** What all pages of the owner are laid out with. */
export function layoutFor(
  context: WebContext,
  { settings }: WebParts,
  title: string,
) {
  const session = context.get("session");
  const { notice } = session;
  delete session.notice;
  return {
    name: settings.current().config.web.name || "Porchlight",
    title,
    formToken: session.formToken,
    loggedIn: true,
    here: context.req.path,
    notice,
  };
}

export function ownerRoutes(app: Hono<WebEnv>, parts: WebParts): void {
  const { settings, checkup, sessions, password, attempts } = parts;
  const streams = new LiveStreams(parts);
  const owner = ownerOnly(parts);

  app.get("/", owner, async (context) => {
    const layout = layoutFor(context, parts, "Overview");
    const overview = await overviewOf(parts);
    return context.html(<OverviewPage {...layout} overview={overview} />);
  });

  app.get("/events", owner, (context) => {
    const token = sessionToken(context);
    const body = streams.begin(() =>
      sessions.get(token, { use: false }) !== undefined
    );
    if (body === undefined) {
      return context.text("Too many pages are open.\n", 503);
    }
    return context.body(body, 200, { "content-type": "text/event-stream" });
  });

  app.get("/check", owner, (context) => {
    const { isRunning } = checkup;
    const layout = layoutFor(context, parts, "Check-up");
    return context.html(
      <CheckPage
        {...layout}
        report={checkup.last}
        running={isRunning}
        refreshSeconds={isRunning ? 2 : undefined}
      />,
    );
  });

  app.post("/check", owner, async (context) => {
    await ownerForm(context);
    checkup.start();
    return context.redirect("/check", 303);
  });

  app.get("/settings", owner, (context) => showSettings(context, []));

  app.post("/settings/simple", owner, async (context) => {
    const form = await ownerForm(context);
    return await change(context, () => changeSimple(parts, simpleFrom(form)));
  });

  app.post("/settings/section", owner, async (context) => {
    const form = await ownerForm(context);
    const section = form.get("section") ?? "";
    const texts = new Map<string, string>();
    for (const { row, locked } of settings.fields().get(section) ?? []) {
      const text = form.get(row.name);
      if (text === null || locked !== undefined) continue;
      const clear = form.get(CLEAR + row.name) === "yes";
      if (!row.setting.secret || text !== "" || clear) {
        texts.set(row.name, text);
      }
    }
    return await change(context, () => settings.change(texts), section);
  });

  async function change(
    context: WebContext,
    write: () => Promise<void>,
    section?: string,
  ): Promise<Response> {
    const before = settings.hasChanged;
    try {
      await write();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return showSettings(context, error.problems, section);
    }
    context.get("session").notice = settings.hasChanged
      ? "Saved. The relay uses it after a restart."
      : before
      ? "Saved. All is again as the relay uses it."
      : "Nothing has changed.";
    return context.redirect(settings.hasChanged ? "/" : "/settings", 303);
  }

  function showSettings(
    context: WebContext,
    problems: readonly string[],
    open?: string,
  ) {
    const { config, problems: wrong } = settings.current();
    return context.html(
      <SettingsPage
        {...layoutFor(context, parts, "Settings")}
        here="/settings"
        simple={simpleSettings(config)}
        fields={settings.fields()}
        problems={[...problems, ...wrong]}
        file={settings.path}
        open={open}
      />,
      problems.length > 0 ? 422 : 200,
    );
  }

  app.get("/password", owner, (context) => showPassword(context, []));

  app.post("/password", owner, async (context) => {
    const form = await ownerForm(context);
    const peer = peerGroup(context.env.peer);
    if (attempts.waitMs(peer) > 0) {
      return showPassword(context, [
        "The password was wrong too often. Wait a while, and try again.",
      ]);
    }
    attempts.begin(peer);
    if (await password.check(form.get("current") ?? "") !== true) {
      return showPassword(context, ["The first one is not your password."]);
    }
    attempts.right(peer);
    const problem = newPasswordProblem(form);
    if (problem !== undefined) return showPassword(context, [problem]);
    await password.set(form.get("password") ?? "");
    // Whoever knew the old one is out.
    sessions.endAll();
    logIn(context, parts);
    return context.redirect("/", 303);
  });

  function showPassword(context: WebContext, problems: readonly string[]) {
    return context.html(
      <PasswordPage
        {...layoutFor(context, parts, "Change the password")}
        problems={problems}
      />,
      problems.length > 0 ? 422 : 200,
    );
  }

  app.post("/restart", owner, async (context) => {
    await ownerForm(context);
    return await restart(context, parts);
  });

  app.get("/restarting", owner, async (context) => {
    const view = await viewRelay(parts.socket);
    if (view.state === "running" && !isStarting(view.parts)) {
      context.get("session").notice = "The relay has been started again.";
      return context.redirect("/", 303);
    }
    return context.html(
      <RestartingPage {...layoutFor(context, parts, "Restarting")} />,
    );
  });
}
