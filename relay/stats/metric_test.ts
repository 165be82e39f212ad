import assert from "node:assert/strict";
import { Durations } from "./durations.ts";
import { formatMetrics } from "./metric.ts";
import { parseMetrics } from "./testing/parse_metrics.ts";

Deno.test("metrics are written as Prometheus reads them", () => {
  const text = formatMetrics([
    {
      name: "a_total",
      type: "counter",
      help: "Back\\slash",
      samples: [
        { labels: { kind: 'qu"ote\\\n', other: "é" }, value: 1 },
        { labels: { kind: "b", other: "" }, value: 2.5 },
      ],
    },
    { name: "b", type: "gauge", help: "Empty", samples: [] },
    { name: "c", type: "gauge", help: "One", samples: [{ value: -3 }] },
  ]);
  assert.equal(
    text,
    "# HELP a_total Back\\\\slash\n# TYPE a_total counter\n" +
      'a_total{kind="qu\\"ote\\\\\\n",other="é"} 1\n' +
      'a_total{kind="b",other=""} 2.5\n\n' +
      "# HELP b Empty\n# TYPE b gauge\n\n" +
      "# HELP c One\n# TYPE c gauge\nc -3\n",
  );
  const metrics = parseMetrics(text);
  assert.deepEqual([...metrics.keys()], ["a_total", "b", "c"]);
  assert.equal(metrics.get("a_total")?.samples[1].value, 2.5);
});

Deno.test("durations are a histogram whose buckets grow", () => {
  const durations = new Durations([0.01, 0.1, 1]);
  for (const seconds of [0, 0.0078125, 0.0625, 2, 3]) durations.add(seconds);
  const metric = durations.metric("d_seconds", "Some");
  const samples = parseMetrics(formatMetrics([metric])).get("d_seconds")
    ?.samples.map(({ labels, value }) => [labels.le, value]);
  assert.deepEqual(samples, [
    ["0.01", 2],
    ["0.1", 3],
    ["1", 3],
    ["+Inf", 5],
    [undefined, 5.0703125],
    [undefined, 5],
  ]);
});

Deno.test("the reader of the tests is strict", () => {
  const head = "# HELP a Help\n# TYPE a counter\n";
  for (
    const wrong of [
      "",
      `${head}a 1`,
      "a 1\n",
      "# TYPE a counter\na 1\n",
      `${head}a 1\na 1\n`,
      `${head}a{b="c"} 1\na{b="c"} 2\n`,
      `${head}b 1\n`,
      `${head}a one\n`,
      `${head}a -1\n`,
      `${head}a{b=c} 1\n`,
      `${head}a{b="c} 1\n`,
      `${head}a 1\n${head}`,
      `${head.replace("counter", "histogram")}a_sum 1\na_count 1\n`,
    ]
  ) assert.throws(() => parseMetrics(wrong), wrong);
});
