/**
 * Where relays are, as coarsely as their owners say it.
 *
 * @module
 */

import type { RelayOverview } from "../directory.ts";
import { queryOf, readFilter, regionsOf } from "./filter.ts";
import { type DirectoryFacts, Layout } from "./layout.tsx";
import { LAND_PATH, MAP, placeOf, regionName } from "./world.ts";

interface Region {
  readonly region: string;
  readonly count: number;
}

/** A part of the map, and how large circles are on it. */
interface View {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  /** Circles are labelled with countries. */
  readonly codes: boolean;
}

const WHOLE: View = {
  name: "the world",
  x: 6,
  y: -2,
  width: MAP.width - 4,
  height: MAP.height + 3,
  scale: 1,
  codes: false,
};
const EUROPE: View = {
  name: "Europe",
  x: 162,
  y: 13,
  width: 66,
  height: 32,
  scale: 0.36,
  codes: true,
};
/** Regions in Europe from which on it is shown by itself. */
const CROWD = 4;

const EVERYTHING = readFilter(new URLSearchParams());

/** The page. */
export function MapPage(
  { facts, relays }: {
    readonly facts: DirectoryFacts;
    readonly relays: readonly RelayOverview[];
  },
) {
  const regions = regionsOf(relays);
  const silent = relays.length -
    regions.reduce((sum, { count }) => sum + count, 0);
  return (
    <Layout facts={facts} title="Map" here="/map">
      <section>
        <h1>Where relays are</h1>
        <p class="lead">
          As coarsely as their owners say it: a part of the world, or a country.
        </p>
      </section>
      <section class="card">
        <World regions={regions} view={WHOLE} />
      </section>
      {crowded(regions) > CROWD
        ? (
          <section class="card">
            <h2>Europe, closer</h2>
            <World regions={regions} view={EUROPE} />
          </section>
        )
        : null}
      <section class="card">
        <h2>Regions</h2>
        {regions.length === 0
          ? <p>No relay says where it is.</p>
          : (
            <ul class="places">
              {regions.map(({ region, count }) => (
                <li>
                  <a href={linkTo(region)}>
                    <bdi>{regionName(region)}</bdi>
                    <span>{count}</span>
                  </a>
                </li>
              ))}
            </ul>
          )}
        {silent > 0 && regions.length > 0
          ? (
            <p class="hint">
              {silent === 1
                ? "1 relay does not say where it is."
                : `${silent} relays do not say where they are.`}
            </p>
          )
          : null}
      </section>
    </Layout>
  );
}

function World(
  { regions, view }: {
    readonly regions: readonly Region[];
    readonly view: View;
  },
) {
  const { x, y, width, height, scale, name, codes } = view;
  const most = Math.max(1, ...regions.map(({ count }) => count));
  return (
    <svg
      class={codes ? "map closer" : "map"}
      viewBox={`${x} ${y} ${width} ${height}`}
      aria-label={`Map of ${name} with a circle for each region`}
    >
      <path
        class={codes ? "land near" : "land"}
        d={LAND_PATH}
        aria-hidden="true"
      />
      {regions.map(({ region, count }) => {
        const place = placeIn(view, region);
        if (place === undefined) return null;
        const least = codes ? 4 : 2.6;
        const radius = scale * (least + 3.5 * Math.sqrt(count / most));
        const words = `${regionName(region)}: ${count}`;
        return (
          <a href={linkTo(region)} aria-label={words}>
            <title>{words}</title>
            <circle
              class="spot"
              cx={String(place.x)}
              cy={String(place.y)}
              r={radius.toFixed(2)}
              stroke-width={(0.6 * scale).toFixed(2)}
            />
            <Label
              {...place}
              radius={radius}
              text={labelOf(view, region, count)}
            />
          </a>
        );
      })}
    </svg>
  );
}

function Label(
  { x, y, radius, text }: {
    readonly x: number;
    readonly y: number;
    readonly radius: number;
    readonly text: string;
  },
) {
  if (text === "") return null;
  return (
    <text
      x={String(x)}
      y={(y + radius * 0.36).toFixed(2)}
      font-size={(radius * (text.length < 3 ? 1 : 0.7)).toFixed(2)}
    >
      {text}
    </text>
  );
}

/** The country where there is room for it; else how many there are. */
function labelOf({ codes }: View, region: string, count: number): string {
  if (codes && /^[a-z]{2}$/i.test(region)) return region.toUpperCase();
  if (count === 1) return "";
  return count < 1000 ? String(count) : `${Math.floor(count / 1000)}k`;
}

function placeIn({ x, y, width, height, codes }: View, region: string) {
  // Where all are countries, a part of the world would lie on top of them.
  const place = codes && region.length !== 2 ? undefined : placeOf(region);
  return place !== undefined && place.x > x && place.x < x + width &&
      place.y > y && place.y < y + height
    ? place
    : undefined;
}

/** Regions that are close together on the map of the world. */
function crowded(regions: readonly Region[]): number {
  return regions.filter(({ region }) => placeIn(EUROPE, region)).length;
}

function linkTo(region: string): string {
  return queryOf(EVERYTHING, { region });
}
