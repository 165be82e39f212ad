/**
 * The page that says what this relay is and who runs it, with what the
 * reference shows (simplexmq 6.5.5, `serverInformation` in `SMPWeb` and
 * `serverInfoSubsts` in `Simplex.Messaging.Server.Web`). Like there, the
 * relay's address is not on it: that is the owner's to give.
 *
 * @module
 */

import type {
  ContactAddress,
  Entity,
  PublicInformation,
  ServerInformation,
} from "../information.ts";
import { type Html, html, type HtmlValue } from "./html.ts";
import { layout } from "./layout.ts";

/** What the relay does with files. */
export interface FileInformation {
  /** Seconds; kept for ever when left out. */
  readonly fileExpiration?: number;
  readonly newFilesAllowed: boolean;
  readonly passwordNeeded: boolean;
}

/** What the page says. */
export interface InformationPageParts {
  readonly server: ServerInformation;
  readonly version: string;
  /** `undefined` when the relay keeps no files. */
  readonly files?: FileInformation;
}

type Row = readonly [name: string, value: HtmlValue];

/** The page at `/`. */
export function informationPage(parts: InformationPageParts): string {
  const { server: { information }, files } = parts;
  const operator = information?.operator?.name;
  return layout({
    title: operator === undefined
      ? "SimpleX relay"
      : `SimpleX relay of ${operator}`,
    content: html`
      <section class="card">
        <h1>A SimpleX relay${operator && ` run by ${operator}`}</h1>
        <p>Messages of the <a href="https://simplex.chat" rel="noreferrer">SimpleX</a> messenger ${files &&
          "and files "}wait here until they are fetched. They are encrypted on the devices of those who write to each other, and the relay cannot read them.</p>
        <p
          class="soft">To use it, ask whoever runs it for its address and add that in the app, under the servers in the settings.</p>
      </section>
      <section class="card">
      <h2>Who runs it, and with what</h2>
      ${table(aboutRows(parts))}
      </section>
      <section class="card">
      <h2>Messages</h2>
      ${table(messageRows(parts.server))}
      </section>
      ${files && html`<section class="card">
<h2>Files</h2>
${table(fileRows(files))}
</section>`}
    `,
  });
}

function aboutRows(
  { server: { information }, version }: InformationPageParts,
): Row[] {
  return [
    ["Software", `Porchlight ${version}`],
    [
      "Source code",
      information
        ? link(information.sourceCode)
        : "Not said. Whoever runs the relay can set it.",
    ],
    ...information ? knownRows(information) : [],
  ];
}

function knownRows(information: PublicInformation): Row[] {
  const { usageConditions, hostingType, serverCountry } = information;
  return [
    ["Website", link(information.website)],
    ["Usage conditions", link(usageConditions?.conditions)],
    ["Amendments", link(usageConditions?.amendments)],
    ["Operator", entity(information.operator)],
    ["Administrator", contacts(information.adminContacts)],
    ["Complaints and feedback", contacts(information.complaintsContacts)],
    ["Hosting provider", entity(information.hosting)],
    ["Kind of machine", hostingType && HOSTING[hostingType]],
    ["Country of the server", serverCountry && country(serverCountry)],
  ];
}

function messageRows({ config }: ServerInformation): Row[] {
  return [
    ["Kept over a restart", "Queues and messages"],
    ["Deleted when not fetched", expiry(config.messageExpiration)],
    ["New queues", allowed(config.newQueuesAllowed)],
    ["Password for new queues", password(config.basicAuthEnabled)],
    ["Daily totals are counted", config.statsEnabled ? "Yes" : "No"],
  ];
}

function fileRows(files: FileInformation): Row[] {
  return [
    ["Deleted", expiry(files.fileExpiration)],
    ["New files", allowed(files.newFilesAllowed)],
    ["Password for new files", password(files.passwordNeeded)],
  ];
}

const HOSTING = {
  virtual: "Virtual machine",
  dedicated: "Dedicated machine",
  colocation: "Own machine at a provider",
  owned: "Own machine",
} as const;

function table(rows: readonly Row[]): Html {
  const known = rows.filter(([, value]) => value !== undefined && value !== "");
  return html`<dl>
${
    known.map(([name, value]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

function entity(entity: Entity | undefined): string | undefined {
  if (entity?.country === undefined) return entity?.name;
  return `${entity.name}, ${country(entity.country)}`;
}

const regions = new Intl.DisplayNames("en", { type: "region" });

function country(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? regions.of(code) ?? code : code;
}

function contacts(address: ContactAddress | undefined): Html | undefined {
  if (address === undefined) return undefined;
  const { simplex, email, pgp } = address;
  const ways = [
    simplex && html`SimpleX: ${link(simplex, "open the address")}`,
    email && html`Email: <a href="mailto:${mailbox(email)}">${email}</a>`,
    pgp && html`PGP: ${link(pgp.pkURI, pgp.pkFingerprint)}`,
  ].filter((way) => way instanceof Object);
  return html`${ways.map((way) => html`<div>${way}</div>`)}`;
}

/** A link to where settings may lead; else it is text. */
function link(uri: string | undefined, text = uri): Html | undefined {
  if (uri === undefined) return undefined;
  return /^(?:https?:\/\/|simplex:\/)[!-~]+$/.test(uri)
    ? html`<a href="${uri}" rel="noreferrer nofollow">${text}</a>`
    : html`${text}`;
}

/** So that nothing of it becomes a subject or another mailbox. */
function mailbox(email: string): string {
  return encodeURIComponent(email).replaceAll("%40", "@");
}

function allowed(is: boolean): string {
  return is ? "Allowed" : "Not allowed";
}

function password(needed: boolean): string {
  return needed ? "Needed" : "None";
}

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]] as const;

function expiry(seconds: number | undefined): string {
  if (seconds === undefined) return "Never";
  let rest = seconds;
  const words: string[] = [];
  for (const [unit, size] of [...UNITS, ["second", 1] as const]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
  }
  return words.length === 0 ? "At once" : `After ${words.join(" ")}`;
}
