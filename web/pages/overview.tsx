/**
 * The one screen: is it working, how do I use it, what does it do.
 *
 * @module
 */

import type { Finding } from "../../doctor/mod.ts";
import type { DiskRoom } from "../checkup.ts";
import type { DayOfMonth } from "../contribution.ts";
import type { RelayView, ViewedAddress } from "../relay_view.ts";
import { Form, Layout, type LayoutProps } from "./layout.tsx";
import { Month } from "./month.tsx";
import { Qr } from "./qr.tsx";
import {
  bytes,
  count,
  isStarting,
  many,
  oneSentence,
  partName,
  PATH_MEANING,
  since,
  tone,
} from "./words.ts";

/** What the screen shows. */
export interface Overview {
  readonly view: RelayView;
  readonly month: readonly DayOfMonth[];
  /** What is wrong with the settings. */
  readonly settingsProblems: readonly string[];
  /** The settings are other than those the relay was started with. */
  readonly changed: boolean;
  readonly machine: readonly Finding[];
  readonly room: DiskRoom | undefined;
  readonly now: Date;
}

export function OverviewPage(
  { overview, ...layout }: LayoutProps & { readonly overview: Overview },
) {
  const { view } = overview;
  const { formToken } = layout;
  return (
    <Layout {...layout}>
      <div id="live" data-events="/events">
        <Live overview={overview} />
      </div>
      {overview.changed
        ? (
          <section class="card warn">
            <h2>The settings have changed</h2>
            <p>The relay uses them when it is started again.</p>
            <Form action="/restart" formToken={formToken}>
              <button class="primary" type="submit">Restart now</button>
            </Form>
          </section>
        )
        : null}
      <Addresses addresses={view.addresses} />
      <section class="card" aria-labelledby="month">
        <h2 id="month">This month</h2>
        <Month days={overview.month} now={overview.now} />
      </section>
      <Box overview={overview} formToken={formToken} />
    </Layout>
  );
}

/** What changes by itself; sent again while the page is open. */
export function Live({ overview }: { readonly overview: Overview }) {
  const { view } = overview;
  const starting = view.state === "running" && isStarting(view.parts);
  const colour = starting ? "warn" : tone(view.overall);
  return (
    <>
      <section class={`card hero ${colour}`} aria-labelledby="sentence">
        <span class="lamp" aria-hidden="true"></span>
        <div>
          <h1 id="sentence">{oneSentence(view)}</h1>
          {view.state === "stopped"
            ? <p>{view.reason}</p>
            : view.path === undefined
            ? null
            : (
              <>
                <p>{view.path.words}</p>
                {view.path.kind === undefined
                  ? null
                  : <p class="hint">{PATH_MEANING[view.path.kind]}</p>}
              </>
            )}
        </div>
      </section>
      <ProblemList overview={overview} />
      <Tiles view={view} />
    </>
  );
}

function ProblemList({ overview }: { readonly overview: Overview }) {
  const { view, machine, settingsProblems } = overview;
  const starting = isStarting(view.parts);
  const parts = view.parts.filter(({ state }) => state !== "ok" && !starting);
  const findings = machine.filter(({ result }) =>
    result === "warning" || result === "problem"
  );
  if (parts.length + findings.length + settingsProblems.length === 0) {
    return null;
  }
  return (
    <section class="card" aria-labelledby="look">
      <h2 id="look">What needs a look</h2>
      <ul class="problems">
        {parts.map(({ name, state, reason, remedy }) => (
          <li class={tone(state)}>
            <strong>{partName(name)}</strong>
            <p>{reason}</p>
            {remedy === undefined ? null : <p class="remedy">{remedy}</p>}
          </li>
        ))}
        {findings.map(({ result, check, what, meaning, remedy }) => (
          <li class={result === "problem" ? "bad" : "warn"}>
            <strong>{partName(check)}</strong>
            <p>{[what, meaning].filter(Boolean).join(" ")}</p>
            {remedy === undefined ? null : <p class="remedy">{remedy}</p>}
          </li>
        ))}
        {settingsProblems.map((problem) => (
          <li class="bad">
            <strong>Settings</strong>
            <p>{problem}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tiles({ view }: { readonly view: RelayView }) {
  const { counts } = view;
  if (counts === undefined) return null;
  const tiles = [
    [count(view.connections), "connections now"],
    [count(counts.queues), "message queues"],
    [count(counts.messagesHeld), "messages that wait"],
    [bytes(counts.fileBytes), "of files that wait"],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([value, label]) => (
        <div class="tile">
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const REACH: Readonly<Record<ViewedAddress["reach"], string>> = {
  everywhere: "Works from everywhere: it has been tried from outside.",
  unchecked: "Probably works from everywhere; nobody has tried it yet.",
  home: "Works in your own network only.",
  set: "As you have set it.",
};

function Addresses(
  { addresses }: { readonly addresses: readonly ViewedAddress[] },
) {
  if (addresses.length === 0) return null;
  const messages = addresses.filter(({ address }) =>
    address.startsWith("smp:")
  );
  const files = addresses.filter(({ address }) => address.startsWith("xftp:"));
  const others = [...messages.slice(1), ...files.slice(1)];
  return (
    <section class="card" aria-labelledby="use">
      <h2 id="use">Use it in the SimpleX app</h2>
      <p class="hint">
        In the app: Settings, Network &amp; servers, Your servers, Add server,
        Scan server QR code. Then Save servers. Do it for each of the two codes.
        On this very phone, copy the address and choose Enter server manually.
      </p>
      <div class="addresses">
        {messages.slice(0, 1).map((each) => (
          <Address address={each} id="smp" title="For messages" />
        ))}
        {files.slice(0, 1).map((each) => (
          <Address address={each} id="xftp" title="For files" />
        ))}
      </div>
      {others.length === 0 ? null : (
        <details>
          <summary>
            {many(others.length, "other address").replace(
              "address" + "s",
              "addresses",
            )}
          </summary>
          <ul class="plain">
            {others.map(({ address, reach }) => (
              <li>
                <code>{address}</code>
                <small>{REACH[reach]}</small>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Address(
  { address: { address, reach }, id, title }: {
    readonly address: ViewedAddress;
    readonly id: string;
    readonly title: string;
  },
) {
  return (
    <article class="address" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{title}</h3>
      <Qr
        text={address}
        label={`QR code of the address ${title.toLowerCase()}`}
      />
      <p class="hint">{REACH[reach]}</p>
      <div class="copy">
        <input
          id={`${id}-address`}
          aria-label={`Address ${title.toLowerCase()}`}
          value={address}
          readonly
        />
        <button
          type="button"
          data-copy={`${id}-address`}
          aria-label={`Copy the address ${title.toLowerCase()}`}
          hidden
        >
          Copy
        </button>
      </div>
    </article>
  );
}

function Box(
  { overview: { view, room, machine }, formToken }: {
    readonly overview: Overview;
    readonly formToken: string;
  },
) {
  const health = machine.filter(({ check, result }) =>
    check === "disk health" && result === "ok"
  );
  const used = room === undefined ? 0 : room.total - room.free;
  return (
    <section class="card" aria-labelledby="box">
      <h2 id="box">The box</h2>
      {room === undefined ? null : (
        <>
          <p id="room">
            {bytes(room.free)} of {bytes(room.total)} are free on its disk.
          </p>
          <meter
            aria-labelledby="room"
            min={0}
            max={room.total}
            low={room.total * 0.8}
            high={room.total * 0.95}
            optimum={0}
            value={used}
          >
          </meter>
        </>
      )}
      {health.map(({ what }) => <p>{what}</p>)}
      {view.version === undefined ? null : (
        <p>
          Porchlight {view.version}, up for {since(view.uptimeSeconds)}.{" "}
          {view.newer === undefined
            ? null
            : `Version ${view.newer} is there; it is installed by itself at the times that you allow.`}
        </p>
      )}
      <div class="actions">
        <Form action="/check" formToken={formToken} class="inline">
          <button type="submit">Check everything</button>
        </Form>
        <a class="button" href="/backup">Download a backup</a>
        <Form action="/restart" formToken={formToken} class="inline">
          <button type="submit">Restart</button>
        </Form>
      </div>
    </section>
  );
}
