/**
 * The page of one relay.
 *
 * @module
 */

import type { RelayHistory, Windows } from "../api/mod.ts";
import type { DescriptorJson } from "../descriptor/mod.ts";
import { THRESHOLDS } from "../score.ts";
import { ProbeChart, SpeedChart, UptimeChart } from "./charts.tsx";
import { type DirectoryFacts, Layout } from "./layout.tsx";
import {
  Flags,
  Host,
  hostOf,
  percent,
  QrCode,
  ROLE_WORDS,
  Score,
  STANDING_WORDS,
} from "./parts.tsx";
import { regionName } from "./world.ts";

/** The page; `now`: ms since 1970. */
export function RelayPage(
  { facts, relay, now }: {
    readonly facts: DirectoryFacts;
    readonly relay: RelayHistory;
    readonly now: number;
  },
) {
  const { says, flags, standing } = relay;
  const host = hostOf(says.addresses[0]);
  const gone = standing === "left" || standing === "dead" ||
    standing === "banned" || flags.includes("Copied");
  return (
    <Layout facts={facts} title={host}>
      <section class="card hero">
        <Score score={relay.score} />
        <div>
          <h1>
            <Host name={host} />
          </h1>
          <p class="lead">{STANDING_WORDS[standing]}</p>
          <Flags flags={flags} />
        </div>
      </section>
      {relay.issues.length > 0 ? <Issues relay={relay} /> : null}
      {gone ? null : <Addresses says={says} />}
      <section class="card">
        <h2>How it has been</h2>
        <UptimeChart days={relay.days} now={now} />
        <SpeedChart days={relay.days} />
        <ProbeChart recent={relay.recent} />
        <WindowTable
          rows={[
            ["This directory", relay.windows],
            ...relay.others.map((other): [string, readonly Windows[]] => [
              `Directory ${other.directory.slice(0, 8)}…`,
              other.windows,
            ]),
          ]}
        />
      </section>
      <ScoreParts relay={relay} />
      <section class="card">
        <h2>What it says of itself</h2>
        <Says says={says} since={relay.since} />
      </section>
    </Layout>
  );
}

function Issues({ relay: { issues } }: { readonly relay: RelayHistory }) {
  return (
    <section class="card">
      <h2>What could be better, and what its owner can do</h2>
      <ul class="problems">
        {issues.map(({ text, remedy }) => (
          <li>
            <p>
              <bdi>{text}</bdi>
            </p>
            <p class="remedy">
              <bdi>{remedy}</bdi>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Addresses({ says }: { readonly says: DescriptorJson }) {
  return (
    <section class="card">
      <h2>Use it</h2>
      {says.open
        ? (
          <p>
            In the SimpleX app: Settings, Network & servers, Your servers, Add
            server, Scan server QR code.
          </p>
        )
        : (
          <p>
            This relay is for friends of its owner: creating anything on it
            takes a password, which they give you as part of the address.
          </p>
        )}
      {says.open
        ? (
          <div class="addresses">
            {says.addresses.map((address) => <Address address={address} />)}
          </div>
        )
        : null}
    </section>
  );
}

function Address({ address }: { readonly address: string }) {
  const what = address.startsWith("smp:") ? "For messages" : "For files";
  return (
    <div class="address">
      <h3>{what}</h3>
      <QrCode text={address} label={`QR code of the address: ${what}`} />
      <code class="copy" translate="no">{address}</code>
    </div>
  );
}

function WindowTable(
  { rows }: {
    readonly rows: readonly (readonly [string, readonly Windows[]])[];
  },
) {
  const alone = rows.length === 1;
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Measurements">
      <table>
        <thead>
          <tr>
            {alone ? null : <th>Measured by</th>}
            <th class={alone ? "" : "number"}>Last</th>
            <th class="number">Answered</th>
            <th class="number">Probes</th>
            <th class="number">Time</th>
          </tr>
        </thead>
        <tbody>
          {rows.flatMap(([name, windows]) =>
            windows.map(({ days, probes, failed, milliseconds }, at) => (
              <tr>
                {alone ? null : <td>{at === 0 ? name : ""}</td>}
                <td class={alone ? "" : "number"}>{days} days</td>
                <td class="number">
                  {probes === 0 ? "–" : percent((probes - failed) / probes)}
                </td>
                <td class="number">{probes.toLocaleString("en")}</td>
                <td class="number">
                  {milliseconds === 0 ? "–" : `${milliseconds} ms`}
                </td>
              </tr>
            ))
          )}
        </tbody>
      </table>
    </div>
  );
}

function ScoreParts({ relay }: { readonly relay: RelayHistory }) {
  const { weights } = THRESHOLDS;
  const parts = [
    [
      "Uptime",
      relay.uptime,
      weights.uptime,
      "probes of 30 days that worked",
    ],
    [
      "Reliability",
      relay.reliability,
      weights.reliability,
      "days of 90 on which hardly any failed",
    ],
    [
      "Speed",
      relay.speed,
      weights.speed,
      `all up to ${THRESHOLDS.bestMilliseconds} ms, nothing from ${THRESHOLDS.worstMilliseconds} ms`,
    ],
  ] as const;
  return (
    <section class="card">
      <h2>How the score of {relay.score} comes about</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Part</th>
              <th class="number">Points</th>
              <th>What counts</th>
            </tr>
          </thead>
          <tbody>
            {parts.map(([name, share, weight, words]) => (
              <tr>
                <th>{name}</th>
                <td class="number">
                  {(share * weight).toFixed(0)} of {weight}
                </td>
                <td>
                  {percent(share)}: {words}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        <a href="/about#flags">What the flags mean</a>
      </p>
    </section>
  );
}

function Says(
  { says, since }: { readonly says: DescriptorJson; readonly since: string },
) {
  const { limits } = says;
  const row = (name: string, value: string | undefined) =>
    value === undefined || value === "" ? null : (
      <>
        <dt>{name}</dt>
        <dd>
          <bdi>{value}</bdi>
        </dd>
      </>
    );
  const give = [
    limits.megabytesPerHour === undefined
      ? undefined
      : `${limits.megabytesPerHour.toLocaleString("en")} MB an hour`,
    limits.gigabytesPerMonth === undefined
      ? undefined
      : `${limits.gigabytesPerMonth.toLocaleString("en")} GB a month`,
  ].filter((each) => each !== undefined).join(", ");
  return (
    <dl>
      {row("Does", says.roles.map((each) => ROLE_WORDS[each]).join(", "))}
      {row(
        "Region",
        says.region === undefined ? undefined : regionName(says.region),
      )}
      {row("Operator", says.family)}
      {row("Contact", says.contact)}
      {row("Software", says.software)}
      {row(
        "Messages wait",
        limits.messageDays === undefined
          ? undefined
          : `${limits.messageDays} days, ${limits.messagesPerQueue} in a queue`,
      )}
      {row(
        "Files wait",
        limits.fileHours === undefined
          ? undefined
          : `${limits.fileHours} hours`,
      )}
      {row(
        "Room for files",
        limits.fileBytes === undefined
          ? undefined
          : `${
            (limits.fileBytes / 1e9).toLocaleString("en", {
              maximumFractionDigits: 1,
            })
          } GB`,
      )}
      {row("Gives", give)}
      {row("Leaves on", says.leavesAt?.slice(0, 10))}
      {row("Known since", since.slice(0, 10))}
      {row("Fingerprint", says.fingerprint)}
    </dl>
  );
}
