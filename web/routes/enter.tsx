/**
 * First run, log in, log out.
 *
 * @module
 */

import { deleteCookie } from "hono/cookie";
import type { Hono } from "hono";
import { ConfigError } from "../../config/mod.ts";
import { logIn, ownerForm, ownerOnly, sessionToken } from "../guard.ts";
import { visitorForm, visitorToken } from "../guard.ts";
import { peerGroup } from "../local_network.ts";
import { PasswordError, passwordProblem } from "../owner_password.ts";
import { LoginPage, SetupPage } from "../pages/enter.tsx";
import type { WebContext, WebEnv, WebParts } from "../parts.ts";
import { COOKIE } from "../sessions.ts";
import {
  settingsFor,
  type SimpleSettings,
  simpleSettings,
} from "../simple_settings.ts";
import { restart } from "./restart.tsx";

export function enterRoutes(app: Hono<WebEnv>, parts: WebParts): void {
  const { password, sessions, settings } = parts;
  /** One first run at a time. */
  let settingUp = false;

  app.get("/setup", async (context) => {
    if (await password.isSet()) return context.redirect("/", 303);
    const known = simpleSettings(settings.current().config);
    return showSetup(context, {
      values: {
        ...known,
        sharing: "private",
        updates: known.updates || "any",
      },
      problems: [],
    });
  });

  app.post("/setup", async (context) => {
    const form = await visitorForm(context, parts);
    if (settingUp || await password.isSet()) {
      return context.redirect("/login", 303);
    }
    settingUp = true;
    try {
      const values = simpleFrom(form);
      const problems = await setUp(form, values);
      if (problems.length > 0) {
        return showSetup(context, { values, problems });
      }
    } finally {
      settingUp = false;
    }
    logIn(context, parts);
    return await restart(context, parts);
  });

  async function setUp(
    form: URLSearchParams,
    values: SimpleSettings,
  ): Promise<readonly string[]> {
    const problem = newPasswordProblem(form);
    if (problem !== undefined) return [problem];
    try {
      await changeSimple(parts, values);
      await password.set(form.get("password") ?? "", { first: true });
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      if (error instanceof PasswordError) return [error.message];
      throw error;
    }
  }

  function showSetup(
    context: WebContext,
    page: { values: SimpleSettings; problems: readonly string[] },
  ) {
    const formToken = visitorToken(context, parts);
    return context.html(
      <SetupPage
        {...page}
        name="Porchlight"
        title="Welcome"
        formToken={formToken}
      />,
      page.problems.length > 0 ? 422 : 200,
    );
  }

  app.get("/login", async (context) => {
    if (!await password.isSet()) return context.redirect("/setup", 303);
    if (sessions.get(sessionToken(context)) !== undefined) {
      return context.redirect("/", 303);
    }
    return showLogin(context, []);
  });

  app.post("/login", async (context) => {
    const form = await visitorForm(context, parts);
    if (!await password.isSet()) return context.redirect("/setup", 303);
    const { attempts } = parts;
    const peer = peerGroup(context.env.peer);
    const wait = Math.ceil(attempts.waitMs(peer) / 1000);
    if (wait > 0) {
      context.header("retry-after", String(wait));
      return showLogin(context, [
        `That was wrong too often. Try again in ${wait} seconds.`,
      ], 429);
    }
    attempts.begin(peer);
    const right = await password.check(form.get("password") ?? "");
    if (right === "busy") {
      return showLogin(context, [
        "The relay has too much to do. Try again in a moment.",
      ], 503);
    }
    if (!right) return showLogin(context, ["This is not the password."], 401);
    attempts.right(peer);
    logIn(context, parts);
    return context.redirect("/", 303);
  });

  function showLogin(
    context: WebContext,
    problems: readonly string[],
    status: 200 | 401 | 429 | 503 = 200,
  ) {
    const formToken = visitorToken(context, parts);
    return context.html(
      <LoginPage
        problems={problems}
        name="Porchlight"
        title="Log in"
        formToken={formToken}
      />,
      status,
    );
  }

  app.post("/logout", ownerOnly(parts), async (context) => {
    await ownerForm(context);
    sessions.end(sessionToken(context) ?? "");
    deleteCookie(context, COOKIE, { path: "/" });
    return context.redirect("/login", 303);
  });
}

/** What is wrong with the new password of a form. */
export function newPasswordProblem(form: URLSearchParams): string | undefined {
  const password = form.get("password") ?? "";
  return passwordProblem(password) ??
    (password === form.get("repeated")
      ? undefined
      : "These were two different passwords.");
}

/** The answers in a form. */
export function simpleFrom(form: URLSearchParams): SimpleSettings {
  const text = (name: string) => (form.get(name) ?? "").trim();
  return {
    name: text("name"),
    sharing: text("sharing"),
    updates: text("updates"),
    core: text("core"),
  };
}

/**
 * Writes what has changed, but for what is set where the relay is started.
 *
 * @throws {ConfigError}
 */
export async function changeSimple(
  { settings }: WebParts,
  values: SimpleSettings,
): Promise<void> {
  const texts = settingsFor(values, settings.current().config);
  const free = Array.from(texts).filter(([name]) => settings.isFree(name));
  await settings.change(new Map(free));
}
