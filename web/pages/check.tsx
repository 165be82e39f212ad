/**
 * What the doctor found.
 *
 * @module
 */

import { type Finding, GROUPS, worst } from "../../doctor/mod.ts";
import type { Report } from "../checkup.ts";
import { Form, Layout, type LayoutProps } from "./layout.tsx";
import { partName } from "./words.ts";

const RESULTS = {
  ok: { tone: "good", word: "Well" },
  warning: { tone: "warn", word: "Needs a look" },
  problem: { tone: "bad", word: "Problem" },
  skipped: { tone: "none", word: "Not looked at" },
} as const;

const SUMS = {
  ok: "All is well.",
  warning: "No problems, but something needs a look.",
  problem: "There is a problem. Begin with the first: others may come from it.",
} as const;

export function CheckPage(
  { report, running, ...layout }: LayoutProps & {
    readonly report: Report | undefined;
    readonly running: boolean;
  },
) {
  return (
    <Layout {...layout}>
      <section class="card">
        <h1>Check-up</h1>
        {running
          ? (
            <p role="status">
              Looking at everything, and trying the relay out as an app would.
              This takes up to a minute.
            </p>
          )
          : (
            <>
              <p>
                {report === undefined
                  ? "Looks at everything that a relay needs, and tries it out as an app would. It changes nothing."
                  : `${SUMS[worst(report.findings)]} Looked at ${
                    report.at.toLocaleTimeString("en-GB")
                  }.`}
              </p>
              <Form action="/check" formToken={layout.formToken}>
                <button class="primary" type="submit">
                  {report === undefined ? "Check everything" : "Check again"}
                </button>
              </Form>
            </>
          )}
      </section>
      {report === undefined || running ? null : GROUPS.map((group) => (
        <Group
          name={group}
          findings={report.findings.filter((each) => each.group === group)}
        />
      ))}
    </Layout>
  );
}

function Group(
  { name, findings }: {
    readonly name: string;
    readonly findings: readonly Finding[];
  },
) {
  if (findings.length === 0) return null;
  return (
    <section class="card" aria-label={name}>
      <h2>{name}</h2>
      <ul class="problems">
        {findings.map(({ check, result, what, meaning, remedy }) => (
          <li class={RESULTS[result].tone}>
            <strong>{partName(check)}</strong>{" "}
            <span class="tag">{RESULTS[result].word}</span>
            <p>{[what, meaning].filter(Boolean).join(" ")}</p>
            {remedy === undefined ? null : <p class="remedy">{remedy}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
