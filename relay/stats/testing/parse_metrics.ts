/**
 * A strict reader of Prometheus' text format, for tests (Prometheus,
 * "Exposition formats", and what `promtool check metrics` objects to).
 *
 * @module
 */

/** A metric as it was read. */
export interface ParsedMetric {
  readonly type: string;
  readonly help: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

/** Reads metrics. @throws {Error} at the first line that is not right */
export function parseMetrics(text: string): Map<string, ParsedMetric> {
  if (!text.endsWith("\n")) throw new Error("The last line has no end");
  const metrics = new Map<string, ParsedMetric>();
  const seen = new Set<string>();
  let help: [string, string] | undefined;
  let current: [string, ParsedMetric] | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const fail = (why: string) => new Error(`${why}: ${line}`);
    if (line === "") continue;
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "HELP") {
      if (help !== undefined) throw fail("HELP without TYPE before");
      help = [name, rest];
    } else if (kind === "TYPE") {
      if (help?.[0] !== name) throw fail("TYPE without HELP");
      if (!NAME.test(name)) throw fail("No name");
      if (metrics.has(name)) throw fail("Twice");
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw fail("No type");
      if (help[1].trim() !== help[1] || help[1] === "") throw fail("No help");
      const metric = { type: rest, help: help[1], samples: [] };
      metrics.set(name, metric);
      current = [name, metric];
      help = undefined;
    } else {
      const [, name, labelText = "", valueText] = SAMPLE.exec(line) ?? [];
      if (name === undefined || current === undefined) throw fail("No sample");
      const [family, metric] = current;
      const suffix = name.slice(family.length);
      const allowed = metric.type === "histogram"
        ? ["_bucket", "_sum", "_count"]
        : [""];
      if (!name.startsWith(family) || !allowed.includes(suffix)) {
        throw fail(`Below ${family}`);
      }
      const labels = parseLabels(labelText);
      if (labels === undefined) throw fail("Bad labels");
      const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
      if (seen.has(key)) throw fail("Twice");
      seen.add(key);
      const value = valueText === "+Inf" ? Infinity : Number(valueText);
      if (Number.isNaN(value)) throw fail("No number");
      if (metric.type !== "gauge" && value < 0) throw fail("Negative");
      metric.samples.push({ name, labels, value });
    }
  }
  for (const [name, metric] of metrics) {
    if (metric.type === "histogram") checkHistogram(name, metric);
  }
  return metrics;
}

function parseLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || Object.hasOwn(labels, name)) return undefined;
    labels[name] = value;
  }
  return labels;
}

function checkHistogram(name: string, { samples }: ParsedMetric): void {
  const buckets = samples.filter((each) => each.name === `${name}_bucket`);
  const count = samples.find((each) => each.name === `${name}_count`)?.value;
  const sum = samples.find((each) => each.name === `${name}_sum`)?.value;
  if (count === undefined || sum === undefined) {
    throw new Error(`${name} lacks _count or _sum`);
  }
  let bound = -Infinity;
  let total = 0;
  for (const { labels, value } of buckets) {
    const le = labels.le === "+Inf" ? Infinity : Number(labels.le);
    if (!(le > bound)) throw new Error(`${name}: buckets not in order`);
    if (value < total) throw new Error(`${name}: buckets do not grow`);
    bound = le;
    total = value;
  }
  if (bound !== Infinity || total !== count) {
    throw new Error(`${name}: the last bucket is not all`);
  }
}
