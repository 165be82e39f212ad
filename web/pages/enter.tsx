/**
 * The first run, and the way in.
 *
 * @module
 */

import { PASSWORD_LENGTH, RESET_FILE } from "../owner_password.ts";
import {
  SHARING,
  type SimpleSettings,
  UPDATE_TIMES,
} from "../simple_settings.ts";
import { Form, Layout, type LayoutProps, Problems } from "./layout.tsx";

/** The first run: a password, and what is best decided at once. */
export function SetupPage(
  { problems, values, ...layout }: LayoutProps & {
    readonly problems: readonly string[];
    readonly values: SimpleSettings;
  },
) {
  return (
    <Layout {...layout}>
      <section class="card narrow">
        <h1>Welcome</h1>
        <p>
          This is your own SimpleX relay. It passes on messages and files for
          you and, if you like, for others. It cannot read them.
        </p>
        <Problems list={problems} />
        <Form action="/setup" formToken={layout.formToken}>
          <h2>Your password</h2>
          <p class="hint">
            It opens this page, and nothing else. Do not use it anywhere else:
            in your own network it travels unencrypted.
          </p>
          <NewPassword />
          <SimpleFields values={values} />
          <button class="primary wide" type="submit">Start the relay</button>
        </Form>
      </section>
    </Layout>
  );
}

/** Two fields for a new password. */
export function NewPassword() {
  const { min, max } = PASSWORD_LENGTH;
  return (
    <>
      <label for="new-password">Password, at least {min} characters</label>
      <input
        id="new-password"
        name="password"
        type="password"
        required
        minlength={min}
        maxlength={max}
        autocomplete="new-password"
      />
      <label for="repeated">The same again</label>
      <input
        id="repeated"
        name="repeated"
        type="password"
        required
        minlength={min}
        maxlength={max}
        autocomplete="new-password"
      />
    </>
  );
}

/** One of several answers, each with what it means. */
function Choices({ legend, name, choices, chosen }: {
  legend: string;
  name: string;
  choices: readonly {
    readonly value: string;
    readonly title: string;
    readonly text: string;
  }[];
  chosen: string;
}) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {choices.map(({ value, title, text }) => (
        <label class="choice">
          <input
            type="radio"
            name={name}
            value={value}
            checked={chosen === value}
          />
          <span>
            <strong>{title}</strong>
            <small>{text}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** The few settings that everybody understands. */
export function SimpleFields(
  { values }: { readonly values: SimpleSettings },
) {
  return (
    <>
      <h2>Your relay</h2>
      <label for="name">What should it be called?</label>
      <input
        id="name"
        name="name"
        value={values.name}
        maxlength={60}
        placeholder="Porchlight"
        autocomplete="off"
      />
      <Choices
        legend="Who may use it?"
        name="sharing"
        choices={SHARING}
        chosen={values.sharing}
      />
      <Choices
        legend="When may it update itself?"
        name="updates"
        choices={UPDATE_TIMES}
        chosen={values.updates}
      />
      <details open={values.core !== ""}>
        <summary>Join a community's core (not needed)</summary>
        <p class="hint">
          A core gives the relay a name that stays the same for good, and a way
          in where your router opens none. The people who run it hand out its
          address.
        </p>
        <label for="core">Address of the core</label>
        <input
          id="core"
          name="core"
          value={values.core}
          placeholder="porchlight://…"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
        />
      </details>
    </>
  );
}

export function LoginPage(
  { problems, ...layout }: LayoutProps & {
    readonly problems: readonly string[];
  },
) {
  return (
    <Layout {...layout}>
      <section class="card narrow">
        <h1>Log in</h1>
        <Problems list={problems} />
        <Form action="/login" formToken={layout.formToken}>
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            required
            autofocus
            maxlength={PASSWORD_LENGTH.max}
            autocomplete="current-password"
          />
          <button class="primary wide" type="submit">Log in</button>
        </Form>
        <details>
          <summary>I have forgotten it</summary>
          <p>
            Put an empty file named <code>{RESET_FILE}</code>{" "}
            onto the SD card, in the part that other computers show (there are
            files such as{" "}
            <code>config.txt</code>), put the card back, and open this page.
            With a terminal on the box:{" "}
            <code>sudo porchlight password --reset</code>.
          </p>
        </details>
      </section>
    </Layout>
  );
}
