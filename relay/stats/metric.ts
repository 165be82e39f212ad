/**
 * Metrics and their text form for Prometheus.
 *
 * Text format 0.0.4 (Prometheus, "Exposition formats"):
 *
 * ```text
 * # HELP name what it is
 * # TYPE name counter|gauge|histogram
 * name{label="value"} 1
 * ```
 *
 * @module
 */

/** Kinds of metric that are used. */
export type MetricType = "counter" | "gauge" | "histogram";

/** Labels of a sample. They never hold an address, an ID or a name of a user. */
export type Labels = Readonly<Record<string, string>>;

/** One value. */
export interface Sample {
  /** What follows the metric's name, for histograms: `_sum`. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
  readonly labels?: Labels;
  readonly value: number;
}

/** Values under one name. */
export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  /** What it is, in one line. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The media type of {@link formatMetrics}. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Metrics as Prometheus reads them. */
export function formatMetrics(metrics: readonly Metric[]): string {
  return metrics.map(formatMetric).join("\n");
}

/** A metric with a single value. */
export function single(
  name: string,
  type: "counter" | "gauge",
  { help, value }: { help: string; value: number },
): Metric {
  return { name, type, help, samples: [{ value }] };
}

/** Buckets of a histogram in Prometheus' form: each counts those before it. */
export function histogramSamples(
  buckets: readonly (readonly [bound: number, count: number])[],
  { sum, count }: { sum: number; count: number },
): Sample[] {
  let total = 0;
  const samples: Sample[] = buckets.map(([bound, each]) => ({
    suffix: "_bucket",
    labels: { le: String(bound) },
    value: total += each,
  }));
  return [
    ...samples,
    { suffix: "_bucket", labels: { le: "+Inf" }, value: count },
    { suffix: "_sum", value: sum },
    { suffix: "_count", value: count },
  ];
}

function formatMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ suffix = "", labels, value }) =>
    `${name}${suffix}${formatLabels(labels)} ${formatValue(value)}\n`
  );
  const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function formatLabels(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => {
    const text = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
      .replaceAll("\n", "\\n");
    return `${label}="${text}"`;
  });
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}
