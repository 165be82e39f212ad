/**
 * Charts, drawn on the server. They stretch, so that all words are beside
 * them.
 *
 * @module
 */

import type { RelayHistory } from "../api/mod.ts";

type Day = RelayHistory["days"][number];
type Probe = RelayHistory["recent"][number];

const DAYS = 90;
const DAY_MS = 86_400_000;
const HEIGHT = 100;

/** How much of each of the last 90 days the relay answered; `now`: ms. */
export function UptimeChart(
  { days, now }: { readonly days: readonly Day[]; readonly now: number },
) {
  const known = new Map(days.map((each) => [each.day, each]));
  const today = Math.floor(now / DAY_MS);
  const bars = Array.from({ length: DAYS }, (_, at) => {
    const date = new Date((today - DAYS + 1 + at) * DAY_MS).toISOString();
    return known.get(date.slice(0, 10));
  });
  const measured = days.filter(({ probes }) => probes > 0);
  const bad = measured.filter(({ probes, failed }) => failed > probes * 0.05);
  return (
    <figure>
      <figcaption>Answered, day by day</figcaption>
      <svg
        class="chart low"
        viewBox={`0 0 ${DAYS} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${measured.length} of the last ${DAYS} days were measured; on ${bad.length} of them more than 5 % of the probes failed.`}
      >
        {bars.map((day, at) => <Bar day={day} at={at} />)}
      </svg>
      <p class="axis">
        <span>90 days ago</span>
        <span>today</span>
      </p>
      <p class="legend">
        <Key kind="ok" text="all" />
        <Key kind="some" text="some failed" />
        <Key kind="none" text="most failed" />
        <Key kind="nodata" text="not measured" />
      </p>
    </figure>
  );
}

function Bar(
  { day, at }: { readonly day: Day | undefined; readonly at: number },
) {
  const place = { x: String(at + 0.08), width: "0.84" };
  if (day === undefined || day.probes === 0) {
    return <rect class="nodata" {...place} y="84" height="16" />;
  }
  const share = (day.probes - day.failed) / day.probes;
  const kind = share >= 0.95 ? "ok" : share >= 0.5 ? "some" : "none";
  const height = Math.max(16, share * HEIGHT);
  return (
    <rect
      class={kind}
      {...place}
      y={(HEIGHT - height).toFixed(1)}
      height={height.toFixed(1)}
    >
      <title>{`${day.day}: ${day.probes - day.failed} of ${day.probes}`}</title>
    </rect>
  );
}

function Key({ kind, text }: { readonly kind: string; readonly text: string }) {
  return (
    <span>
      <svg class="chart" viewBox="0 0 1 1" aria-hidden="true">
        <rect class={kind} width="1" height="1" />
      </svg>
      {text}
    </span>
  );
}

/** Time to connect and greet, day by day. */
export function SpeedChart({ days }: { readonly days: readonly Day[] }) {
  const points = days.filter(({ milliseconds }) => milliseconds > 0)
    .toReversed();
  if (points.length < 2) return null;
  const times = points.map(({ milliseconds }) => milliseconds);
  const [least, most] = [Math.min(...times), Math.max(...times)];
  const top = Math.max(most * 1.1, 50);
  const path = points.map(({ milliseconds }, at) => {
    const x = at / (points.length - 1) * 100;
    return `${at === 0 ? "M" : "L"}${x.toFixed(2)} ${
      (HEIGHT - milliseconds / top * HEIGHT).toFixed(1)
    }`;
  }).join("");
  return (
    <figure>
      <figcaption>Time to connect and greet</figcaption>
      <svg
        class="chart"
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Between ${least} and ${most} ms.`}
      >
        <rect class="ground" width="100" height={String(HEIGHT)} />
        <path class="line" d={path} />
      </svg>
      <p class="axis">
        <span>{points[0].day}</span>
        <span>{least} to {most} ms</span>
        <span>{points.at(-1)?.day}</span>
      </p>
    </figure>
  );
}

/** The last probes one by one. */
export function ProbeChart({ recent }: { readonly recent: readonly Probe[] }) {
  const probes = recent.toReversed();
  if (probes.length === 0) return null;
  const top = Math.max(50, ...probes.map(({ milliseconds }) => milliseconds));
  const failed = probes.filter(({ milliseconds }) => milliseconds === 0).length;
  return (
    <figure>
      <figcaption>The last {probes.length} probes</figcaption>
      <svg
        class="chart"
        viewBox={`0 0 ${Math.max(24, probes.length)} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${failed} of ${probes.length} failed.`}
      >
        {probes.map(({ time, milliseconds }, at) => {
          const height = milliseconds === 0
            ? HEIGHT
            : Math.max(4, milliseconds / top * HEIGHT);
          return (
            <rect
              class={milliseconds === 0 ? "none" : "ok"}
              x={String(at + 0.1)}
              width="0.8"
              y={(HEIGHT - height).toFixed(1)}
              height={height.toFixed(1)}
            >
              <title>
                {`${shortTime(time)}: ${
                  milliseconds === 0 ? "failed" : `${milliseconds} ms`
                }`}
              </title>
            </rect>
          );
        })}
      </svg>
      <p class="axis">
        <span>{shortTime(probes[0].time)}</span>
        <span>{shortTime(probes[probes.length - 1].time)}</span>
      </p>
    </figure>
  );
}

/** `2026-11-20 11:03` */
function shortTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}
