/**
 * What the relay did in this month, as a chart.
 *
 * @module
 */

import type { DayOfMonth } from "../contribution.ts";
import { count, many } from "./words.ts";

/** Width of a day and height of the chart, in its own units. */
const DAY = 10;
const HEIGHT = 60;
/** Of a day that had anything at all. */
const SMALLEST = 2;

export function Month(
  { days, now }: { readonly days: readonly DayOfMonth[]; readonly now: Date },
) {
  const messages = sum(days.map((day) => day.messages));
  const files = sum(days.map((day) => day.files));
  const most = Math.max(1, ...days.map((day) => day.messages));
  const today = now.getDate();
  const monthName = now.toLocaleDateString("en", { month: "long" });
  const told = `${many(messages, "message")} and ${
    many(files, "piece")
  } of files passed through the relay in ${monthName}`;
  const active = days.filter((day) => day.messages + day.files > 0);
  if (messages + files === 0) {
    return (
      <p>
        Nothing has passed through the relay in {monthName}{" "}
        yet. When it does, each day is shown here.
      </p>
    );
  }
  return (
    <>
      <p>{told}.</p>
      <svg
        class="chart"
        viewBox={`0 0 ${days.length * DAY} ${HEIGHT + 2}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Messages on each day of ${monthName}; at most ${
          count(most)
        } on a day.`}
      >
        {days.map(({ day, messages }) => {
          const height = messages === 0
            ? 0
            : Math.max(SMALLEST, messages / most * HEIGHT);
          return (
            <>
              <rect
                class="ground"
                x={(day - 1) * DAY + 1}
                y={HEIGHT}
                width={DAY - 2}
                height={2}
              />
              <rect
                class={day === today ? "bar today" : "bar"}
                x={(day - 1) * DAY + 1}
                y={HEIGHT - height}
                width={DAY - 2}
                height={height}
              />
            </>
          );
        })}
      </svg>
      <p class="axis" aria-hidden="true">
        <span>1</span>
        <span>{days.length}</span>
      </p>
      {active.length === 0 ? null : (
        <details>
          <summary>As a table</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col">Messages</th>
                <th scope="col">Pieces of files</th>
              </tr>
            </thead>
            <tbody>
              {active.map(({ day, messages, files }) => (
                <tr>
                  <th scope="row">{day}</th>
                  <td>{count(messages)}</td>
                  <td>{count(files)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
