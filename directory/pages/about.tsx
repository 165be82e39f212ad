/**
 * How the directory works, with its rules in force.
 *
 * @module
 */

import type { LifecycleRules } from "../registry/mod.ts";
import { type Flag, THRESHOLDS } from "../score.ts";
import { type DirectoryFacts, Layout } from "./layout.tsx";
import { percent } from "./parts.tsx";

/** The page. */
export function AboutPage(
  { facts, rules }: {
    readonly facts: DirectoryFacts;
    readonly rules: LifecycleRules;
  },
) {
  const { weights } = THRESHOLDS;
  return (
    <Layout facts={facts} title="How it works" here="/about">
      <section class="card">
        <h1>How it works</h1>
        <p>
          Relays carry messages and files of SimpleX apps. This directory knows
          relays whose owners want them to be found. About once an hour, at a
          random time, it does with each of them what an app does: it connects,
          checks the fingerprint, creates a queue, sends a message through it,
          and deletes it.
        </p>
        <p>
          You need not trust it: a relay is known by the fingerprint in its
          address, signs what it says of itself, and cannot read messages.
        </p>
        <p>
          <code>porchlight relays --pick 2</code>{" "}
          asks several directories, tries relays from your place, and shows the
          best ones.
        </p>
      </section>
      <section class="card">
        <h2>Score</h2>
        <p>
          {weights.uptime} points for uptime, {weights.reliability}{" "}
          for reliability, {weights.speed}{" "}
          for speed, 100 in all. Uptime is the share of the probes of 30 days
          that worked. Reliability is the share of days, of 90, on which at most
          {" "}
          {percent(THRESHOLDS.goodDayFailures)}{" "}
          failed. For speed, connecting and greeting in{" "}
          {THRESHOLDS.bestMilliseconds} ms gives all points,{" "}
          {THRESHOLDS.worstMilliseconds} ms none.
        </p>
        <p>
          A relay is on probation for {rules.probationDays}{" "}
          days, and established when {rules.probes} probes were made and{" "}
          {percent(rules.uptime)} of them worked. One that does not answer for
          {" "}
          {rules.deadHours} hours is taken off the list.
        </p>
      </section>
      <section class="card" id="flags">
        <h2>Flags</h2>
        <dl>
          {FLAGS.map(([flag, words]) => (
            <>
              <dt>{flag}</dt>
              <dd>{words}</dd>
            </>
          ))}
        </dl>
      </section>
      <section class="card" id="listed">
        <h2>Have your relay listed</h2>
        <p>
          In <code>porchlight.toml</code>, then restart the relay:
        </p>
        <code class="copy">
          [share]
          <br />
          listed = "public"
          <br />
          [directories]
          <br />
          addresses = ["{facts.address}"]
        </code>
        <p>
          Section <code>[share]</code>{" "}
          also says how much you give: MB an hour, GB a month, connections,
          hours of the day. Nothing is listed unless you ask for it.
        </p>
      </section>
      <section class="card">
        <h2>For programs</h2>
        <p>
          <code>/v1/relays?role=smp&count=8</code>{" "}
          gives relays that can be used now, shuffled, of different operators
          and networks. The rules in force are at <code>/v1/params</code>.
        </p>
      </section>
    </Layout>
  );
}

const FLAGS: readonly (readonly [Flag, string])[] = [
  [
    "Running",
    `One of the last two probes worked, in the last ${THRESHOLDS.runningHours} hours.`,
  ],
  [
    "Stable",
    `Reliability of ${
      percent(THRESHOLDS.stableReliability)
    } or more, over at least ${THRESHOLDS.stableDays} days.`,
  ],
  [
    "Fast",
    `Typically ${THRESHOLDS.fastMilliseconds} ms or less to connect and greet, in the last 7 days.`,
  ],
  ["Established", "Known for long enough, and reliable."],
  ["Open", "Everybody may use it."],
  ["Full", "What its owner gives is used up for now."],
  ["Leaving", "It has said when it goes."],
  ["Copied", "Two machines have its identity, so it is not listed."],
];
