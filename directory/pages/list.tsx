/**
 * The list of relays.
 *
 * @module
 */

import { ROLES } from "../descriptor/mod.ts";
import type { RelayOverview } from "../directory.ts";
import {
  type Filter,
  filtered,
  ORDERS,
  PAGE_SIZE,
  queryOf,
  regionsOf,
} from "./filter.ts";
import { type DirectoryFacts, Layout } from "./layout.tsx";
import { Flags, Host, hostOf, ROLE_WORDS, Score } from "./parts.tsx";
import { regionName } from "./world.ts";

const ORDER_WORDS: Readonly<Record<typeof ORDERS[number], string>> = {
  score: "the best first",
  speed: "the fastest first",
  region: "by region",
};

/** Regions to choose from at most; the map has all. */
const MAX_REGIONS = 100;

/** The page. */
export function ListPage(
  { facts, relays, filter }: {
    readonly facts: DirectoryFacts;
    readonly relays: readonly RelayOverview[];
    readonly filter: Filter;
  },
) {
  const fitting = filtered(relays, filter);
  const pages = Math.max(1, Math.ceil(fitting.length / PAGE_SIZE));
  const page = Math.min(filter.page, pages);
  const shown = fitting.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  return (
    <Layout facts={facts} title="Relays" here="/">
      <section>
        <h1>Relays that you can use</h1>
        <p class="lead">
          {count(relays.length)}{" "}
          in this directory, run by people at home and in data centres. Each is
          tried out about once an hour.
        </p>
      </section>
      <Filters filter={filter} relays={relays} />
      <section aria-label="Relays">
        <p class="hint" role="status">
          {fitting.length === relays.length
            ? `All ${count(relays.length)}, ${ORDER_WORDS[filter.order]}.`
            : `${count(fitting.length)} of ${relays.length} ${
              fitting.length === 1 ? "fits" : "fit"
            }, ${ORDER_WORDS[filter.order]}.`}
        </p>
        {shown.length > 0
          ? (
            <ul class="relays">
              {shown.map((relay) => <Item relay={relay} />)}
            </ul>
          )
          : (
            <div class="card">
              <p>
                {relays.length === 0
                  ? "No relay has registered here yet."
                  : "No relay is like that. Ask for less."}
              </p>
              <p>
                {relays.length === 0
                  ? <a href="/about#listed">How to have yours listed</a>
                  : <a href="/">Show all</a>}
              </p>
            </div>
          )}
      </section>
      {pages > 1
        ? (
          <nav class="pages" aria-label="More relays">
            {page > 1
              ? (
                <a
                  class="button quiet"
                  rel="prev"
                  href={queryOf(filter, { page: page - 1 })}
                >
                  Before
                </a>
              )
              : <span />}
            <span>Page {page} of {pages}</span>
            {page < pages
              ? (
                <a
                  class="button quiet"
                  rel="next"
                  href={queryOf(filter, { page: page + 1 })}
                >
                  Next
                </a>
              )
              : <span />}
          </nav>
        )
        : null}
    </Layout>
  );
}

function Filters(
  { filter, relays }: {
    readonly filter: Filter;
    readonly relays: readonly RelayOverview[];
  },
) {
  const regions = regionsOf(relays).slice(0, MAX_REGIONS);
  const wanted = filter.region.toLowerCase();
  return (
    <form class="card filters" method="get" action="/" role="search">
      <label class="wide">
        Search
        <input
          type="search"
          name="q"
          value={filter.text}
          maxlength={80}
          placeholder="Name, operator, country"
        />
      </label>
      <label>
        For
        <select name="role">
          <option value="">everything</option>
          {ROLES.map((role) => (
            <option value={role} selected={role === filter.role}>
              {ROLE_WORDS[role]}
            </option>
          ))}
        </select>
      </label>
      <label>
        Region
        <select name="region">
          <option value="">everywhere</option>
          {regions.map(({ region, count }) => (
            <option value={region} selected={region.toLowerCase() === wanted}>
              {`${regionName(region)} (${count})`}
            </option>
          ))}
        </select>
      </label>
      <label>
        Score
        <select name="min_score">
          <option value="">any</option>
          {[50, 70, 80, 90, 95].map((score) => (
            <option
              value={String(score)}
              selected={score === filter.minScore}
            >
              {`${score} or more`}
            </option>
          ))}
        </select>
      </label>
      <label>
        Order
        <select name="order">
          {ORDERS.map((order) => (
            <option value={order} selected={order === filter.order}>
              {ORDER_WORDS[order]}
            </option>
          ))}
        </select>
      </label>
      <div class="wide end">
        <label class="check">
          <input
            type="checkbox"
            name="usable"
            value="1"
            checked={filter.usable}
          />
          Open to everybody now
        </label>
        <button type="submit">Show</button>
      </div>
    </form>
  );
}

function Item({ relay }: { readonly relay: RelayOverview }) {
  const { region, family, roles, milliseconds, addresses } = relay;
  const facts = [
    region === undefined ? undefined : regionName(region),
    roles.map((role) => ROLE_WORDS[role]).join(", "),
    milliseconds > 0 ? `${milliseconds} ms` : undefined,
  ].filter((each) => each !== undefined).join(" · ");
  return (
    <li class="card relay">
      <Score score={relay.score} />
      <div>
        <a
          class="name"
          href={`/relay/${encodeURIComponent(relay.fingerprint)}`}
        >
          <Host name={hostOf(addresses[0])} />
        </a>
        <p class="facts">
          <bdi>{facts}</bdi>
          {family === undefined ? null : (
            <>
              {" · of "}
              <bdi>{family}</bdi>
            </>
          )}
        </p>
        <Flags flags={relay.flags} standing={relay.standing} />
      </div>
    </li>
  );
}

function count(relays: number): string {
  return relays === 1 ? "1 relay" : `${relays.toLocaleString("en")} relays`;
}
