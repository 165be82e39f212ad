/**
 * Backup, password, and the pause while the relay restarts.
 *
 * @module
 */

import { PASSWORD_LENGTH } from "../owner_password.ts";
import { NewPassword } from "./enter.tsx";
import { Form, Layout, type LayoutProps, Problems } from "./layout.tsx";

/** Shortest passphrase of a backup that is made here, in characters. */
export const PASSPHRASE_MIN = 12;

export function BackupPage(
  { problems, files, ...layout }: LayoutProps & {
    readonly problems: readonly string[];
    /** Whether the relay keeps files. */
    readonly files: boolean;
  },
) {
  return (
    <Layout {...layout}>
      <section class="card narrow">
        <h1>Backup</h1>
        <p>
          One file that holds the whole relay: its identity, settings, queues
          and messages. With it and its passphrase any machine becomes this
          relay, at the same address.
        </p>
        <Problems list={problems} />
        <Form action="/backup" formToken={layout.formToken}>
          <label for="passphrase">
            Passphrase, at least {PASSPHRASE_MIN} characters
          </label>
          <input
            id="passphrase"
            name="passphrase"
            type="password"
            required
            minlength={PASSPHRASE_MIN}
            maxlength={1024}
            autocomplete="new-password"
            aria-describedby="passphrase-hint"
          />
          <p class="hint" id="passphrase-hint">
            Five words that do not belong together are good. Write them down:
            without them nobody can open the backup.
          </p>
          <label for="passphrase-again">The same again</label>
          <input
            id="passphrase-again"
            name="repeated"
            type="password"
            required
            maxlength={1024}
            autocomplete="new-password"
          />
          {files
            ? (
              <label class="check">
                <input type="checkbox" name="files" value="yes" />{" "}
                Also files that wait for their recipients
              </label>
            )
            : null}
          <button class="primary wide" type="submit">
            Download the backup
          </button>
        </Form>
        <p class="hint">
          To restore it on another box:{" "}
          <code>porchlight restore FILE</code>. Then leave the old one switched
          off.
        </p>
      </section>
    </Layout>
  );
}

export function PasswordPage(
  { problems, ...layout }: LayoutProps & {
    readonly problems: readonly string[];
  },
) {
  return (
    <Layout {...layout}>
      <section class="card narrow">
        <h1>Change the password</h1>
        <Problems list={problems} />
        <Form action="/password" formToken={layout.formToken}>
          <label for="current">Your password now</label>
          <input
            id="current"
            name="current"
            type="password"
            required
            maxlength={PASSWORD_LENGTH.max}
            autocomplete="current-password"
          />
          <h2>The new one</h2>
          <NewPassword />
          <button class="primary wide" type="submit">Change it</button>
        </Form>
      </section>
    </Layout>
  );
}

export function RestartingPage(layout: LayoutProps) {
  return (
    <Layout {...layout} refreshSeconds={2} refreshTo="/restarting">
      <section class="card narrow" role="status">
        <h1>Restarting</h1>
        <p>
          Your relay is being started again. This page comes back by itself.
        </p>
      </section>
    </Layout>
  );
}
