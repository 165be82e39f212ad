/**
 * The findings as an owner reads them, and as programs do.
 *
 * @module
 */

import { type Finding, GROUPS, type Result } from "./check.ts";

/** Puts a colour or weight on a text, or leaves it as it is. */
export type Paint = (
  style: "bold" | "dim" | "green" | "yellow" | "red",
  text: string,
) => string;

/** How the report is laid out. */
export interface ReportOptions {
  readonly paint: Paint;
  /** Width in characters. */
  readonly columns: number;
}

const styles = {
  ok: "green",
  warning: "yellow",
  problem: "red",
  skipped: "dim",
} as const;

/** Widest result: "problem", "warning", "skipped". */
const RESULT_WIDTH = 7;

/** Narrower than this, text is not broken but runs on. */
const MIN_TEXT = 30;

/** The lines of the report, with the sum of it at the end. */
export function reportLines(
  findings: readonly Finding[],
  { paint, columns }: ReportOptions,
): string[] {
  const nameWidth = Math.max(0, ...findings.map(({ check }) => check.length));
  const indent = " ".repeat(2 + RESULT_WIDTH + 2 + nameWidth + 2);
  const width = Math.max(MIN_TEXT, Math.min(columns, 100) - indent.length);
  const lines: string[] = [];
  for (const group of GROUPS) {
    const ours = joinGood(
      findings.filter((finding) => finding.group === group),
    );
    if (ours.length === 0) continue;
    lines.push(paint("bold", group));
    let last = "";
    for (const { check, result, what, meaning, remedy } of ours) {
      const [first, ...rest] = wrap(what, width);
      const shown = paint(styles[result], result.padEnd(RESULT_WIDTH));
      const name = (check === last ? "" : check).padEnd(nameWidth);
      last = check;
      lines.push(`  ${shown}  ${name}  ${first}`);
      for (const line of rest) lines.push(indent + line);
      for (const line of wrap(meaning ?? "", width)) lines.push(indent + line);
      const todo = wrap(remedy ?? "", width - 3);
      todo.forEach((line, index) =>
        lines.push(`${indent}${index === 0 ? "-> " : "   "}${line}`)
      );
    }
    lines.push("");
  }
  return [...lines, sum(findings, paint)];
}

/** What is well of one check stands together: it is no news. */
function joinGood(findings: readonly Finding[]): Finding[] {
  const joined: Finding[] = [];
  for (const finding of findings) {
    const last = joined.at(-1);
    if (
      last?.check === finding.check && last.result === "ok" &&
      finding.result === "ok"
    ) joined.splice(-1, 1, { ...last, what: `${last.what} ${finding.what}` });
    else joined.push(finding);
  }
  return joined;
}

function sum(findings: readonly Finding[], paint: Paint): string {
  const problems = count(findings, "problem");
  const warnings = count(findings, "warning");
  if (problems > 0) {
    const beside = warnings > 0 ? `, and ${many(warnings, "warning")}` : "";
    return paint("red", `${many(problems, "problem")}${beside}.`) +
      " Begin with the first: others may come from it.";
  }
  if (warnings > 0) {
    return paint("yellow", `No problems, and ${many(warnings, "warning")}.`);
  }
  return paint("green", "All is well.");
}

function many(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function count(findings: readonly Finding[], result: Result): number {
  return findings.filter((finding) => finding.result === result).length;
}

/** The worst of the findings; `skipped` counts for nothing. */
export function worst(
  findings: readonly Finding[],
): Exclude<Result, "skipped"> {
  for (const result of ["problem", "warning"] as const) {
    if (count(findings, result) > 0) return result;
  }
  return "ok";
}

/** Lines of at most `width` characters; words stay whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line += line === "" ? word : ` ${word}`;
    }
    if (line !== "") lines.push(line);
  }
  return lines;
}
