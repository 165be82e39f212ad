/**
 * The backup, made when it is asked for and given to the browser.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Hono } from "hono";
import { BackupError, writeBackup } from "../../backup/mod.ts";
import { askRelay, ControlError } from "../../relay/control/mod.ts";
import { ownerForm, ownerOnly } from "../guard.ts";
import { BackupPage, PASSPHRASE_MIN } from "../pages/keep.tsx";
import type { WebContext, WebEnv, WebParts } from "../parts.ts";
import { layoutFor } from "./owner.tsx";

/** Names of backups that are on their way, in the data directory. */
export const TEMPORARY = /^\.page-backup-[0-9a-f]{12}\.age$/;

export function backupRoutes(app: Hono<WebEnv>, parts: WebParts): void {
  const { settings } = parts;
  /** One at a time: it takes the disk and a copy of the database. */
  let running = false;

  app.get("/backup", ownerOnly(parts), (context) => show(context, []));

  app.post("/backup", ownerOnly(parts), async (context) => {
    const form = await ownerForm(context);
    const passphrase = form.get("passphrase") ?? "";
    const problem = [...passphrase].length < PASSPHRASE_MIN
      ? `The passphrase needs at least ${PASSPHRASE_MIN} characters.`
      : passphrase !== form.get("repeated")
      ? "These were two different passphrases."
      : running
      ? "Another backup is being made. Try again when it is done."
      : undefined;
    if (problem !== undefined) return show(context, [problem]);
    running = true;
    try {
      const file = await make(passphrase, form.get("files") === "yes");
      const { size } = await file.stat();
      const day = new Date().toISOString().slice(0, 10);
      return context.body(file.readable, 200, {
        "content-type": "application/octet-stream",
        "content-length": String(size),
        "content-disposition": `attachment; filename="porchlight-${day}.age"`,
      });
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      return show(context, [error.message]);
    } finally {
      running = false;
    }
  });

  /** The backup as an open file that has no name any more. */
  async function make(
    passphrase: string,
    withFiles: boolean,
  ): Promise<Deno.FsFile> {
    const { config } = settings.current();
    await save();
    const mark = randomBytes(6).toString("hex");
    const target = join(config.data.directory, `.page-backup-${mark}.age`);
    try {
      await writeBackup({
        config,
        settingsFile: settings.path,
        target,
        keys: { passphrase },
        withFiles,
      });
      return await Deno.open(target);
    } finally {
      await Deno.remove(target).catch(() => {/* It was never made. */});
    }
  }

  /** The newest statistics; a relay that is stopped has saved them. */
  async function save(): Promise<void> {
    try {
      await askRelay("/save", { socket: parts.socket, body: {} });
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
    }
  }

  function show(context: WebContext, problems: readonly string[]) {
    const { xftp } = settings.current().config;
    return context.html(
      <BackupPage
        {...layoutFor(context, parts, "Backup")}
        problems={problems}
        files={xftp.enabled}
      />,
      problems.length > 0 ? 422 : 200,
    );
  }
}
