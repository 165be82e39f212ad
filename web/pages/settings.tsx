/**
 * Settings: the few that everybody understands, and all of them.
 *
 * @module
 */

import { schema } from "../../config/mod.ts";
import type { SettingField } from "../settings_file.ts";
import type { SimpleSettings } from "../simple_settings.ts";
import { SimpleFields } from "./enter.tsx";
import { Form, Layout, type LayoutProps, Problems } from "./layout.tsx";

/** Goes before the name of the box that takes a secret out. */
export const CLEAR = "clear:";

export function SettingsPage(
  { simple, fields, problems, file, open, ...layout }: LayoutProps & {
    readonly simple: SimpleSettings;
    readonly fields: ReadonlyMap<string, readonly SettingField[]>;
    readonly problems: readonly string[];
    readonly file: string;
    /** Section that is shown open. */
    readonly open?: string;
  },
) {
  const { formToken } = layout;
  return (
    <Layout {...layout}>
      <section class="card">
        <h1>Settings</h1>
        <Problems list={problems} />
        <Form action="/settings/simple" formToken={formToken}>
          <SimpleFields values={simple} />
          <button class="primary" type="submit">Save</button>
        </Form>
      </section>
      <section class="card">
        <h2>Password of this page</h2>
        <p>
          <a class="button" href="/password">Change the password</a>
        </p>
      </section>
      <section class="card" aria-labelledby="all">
        <h2 id="all">All settings</h2>
        <p class="hint">
          Everything that <code>{file}</code>{" "}
          can say. An empty field means the default. What you change is used
          after a restart.
        </p>
        {Array.from(fields, ([section, list]) => (
          <Section
            name={section}
            fields={list}
            formToken={formToken}
            open={open === section}
          />
        ))}
      </section>
    </Layout>
  );
}

function Section(
  { name, fields, formToken, open }: {
    readonly name: string;
    readonly fields: readonly SettingField[];
    readonly formToken: string;
    readonly open: boolean;
  },
) {
  const doc = Object.entries(schema).find(([section]) => section === name)?.[1]
    .doc ?? "";
  const set = fields.filter(({ isSet }) => isSet).length;
  return (
    <details class="section" open={open} id={`section-${name}`}>
      <summary>
        <strong>{name}</strong>{" "}
        {set === 0 ? null : <span class="tag">{set} set</span>}
        <small>{plain(doc)}</small>
      </summary>
      <Form action="/settings/section" formToken={formToken}>
        <input type="hidden" name="section" value={name} />
        {fields.map((field) => <Field field={field} />)}
        {fields.every(({ locked }) => locked !== undefined)
          ? null
          : <button class="primary" type="submit">Save {name}</button>}
      </Form>
    </details>
  );
}

function Field({ field }: { readonly field: SettingField }) {
  const { row, locked } = field;
  const { setting, name, key } = row;
  const id = `set-${name}`;
  return (
    <div class="field">
      <label for={id}>{key.replaceAll("_", " ")}</label>
      {locked !== undefined
        ? (
          <input
            id={id}
            value={field.text}
            placeholder={setting.secret && field.isSet
              ? "it is set"
              : placeholderOf(field)}
            disabled
            aria-describedby={`${id}-doc`}
          />
        )
        : <Input field={field} id={id} />}
      <p class="hint" id={`${id}-doc`}>
        {plain(setting.doc)} {setting.defaultDoc === undefined
          ? null
          : `Empty: ${plain(setting.defaultDoc)}.`} {locked}
      </p>
    </div>
  );
}

function Input(
  { field, id }: { readonly field: SettingField; readonly id: string },
) {
  const { row: { setting, name }, text, isSet } = field;
  const described = `${id}-doc`;
  if (setting.secret) {
    return (
      <>
        <input
          id={id}
          name={name}
          type="password"
          autocomplete="new-password"
          placeholder={isSet ? "it is set; empty leaves it" : "not set"}
          aria-describedby={described}
        />
        {isSet
          ? (
            <label class="check">
              <input type="checkbox" name={CLEAR + name} value="yes" />{" "}
              Remove it
            </label>
          )
          : null}
      </>
    );
  }
  const choices = choicesOf(setting.allowed);
  if (choices.length > 0) {
    return (
      <select id={id} name={name} aria-describedby={described}>
        <option value="" selected={text === ""}>
          default ({String(setting.default)})
        </option>
        {choices.map((choice) => (
          <option value={choice} selected={text === choice}>{choice}</option>
        ))}
      </select>
    );
  }
  return (
    <input
      id={id}
      name={name}
      value={text}
      placeholder={placeholderOf(field)}
      maxlength={4000}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      aria-describedby={described}
    />
  );
}

/** The words of `one of "a", "b"`, and of `true or false`. */
function choicesOf(allowed: string): string[] {
  if (allowed === "true or false") return ["true", "false"];
  return allowed.startsWith("one of ")
    ? Array.from(allowed.matchAll(/"([^"]*)"/g), ([, word]) => word)
    : [];
}

function placeholderOf({ row: { setting } }: SettingField): string {
  const { default: value } = setting;
  return typeof value === "object" ? value.join(", ") : String(value);
}

function plain(markdown: string): string {
  return markdown.replaceAll("`", "");
}
