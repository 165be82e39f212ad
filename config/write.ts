/**
 * Writes the table of settings for people: the commented `porchlight.toml`
 * and `docs/configuration.md`.
 *
 * @module
 */

import { rows, schema } from "./schema.ts";
import { formatRaw, type Setting } from "./settings.ts";

/** A `porchlight.toml` in which every key stands commented with its default. */
export function configTemplate(): string {
  const parts = [
    "# Porchlight's settings. Every line that begins with # shows a default:\n" +
    "# take the # away and change the value. Then restart the relay.\n" +
    '# Durations: "1.5s", "90m", "6h", "21d". Sizes: "512KB", "1MB".\n' +
    "# A relative path counts from the data directory.\n",
  ];
  for (const [section, { doc }] of Object.entries(schema)) {
    parts.push(`${comment(plain(doc))}[${section}]\n`);
    for (const row of rows.filter((row) => row.section === section)) {
      parts.push(
        comment(`${plain(row.setting.doc)} ${allowedLine(row.setting)}`) +
          `# ${row.key} = ${formatRaw(row.setting.default)}\n`,
      );
    }
  }
  return parts.join("\n");
}

/** The text of `docs/configuration.md`. */
export function configReference(): string {
  const parts = [introduction];
  for (const [section, { doc }] of Object.entries(schema)) {
    parts.push(`## \`[${section}]\`\n\n${wrap(doc)}`);
    for (const row of rows.filter((row) => row.section === section)) {
      const { setting } = row;
      const meaning = setting.defaultDoc ? ` (${setting.defaultDoc})` : "";
      parts.push(
        `### \`${row.name}\`\n\n${wrap(setting.doc)}\n` +
          item(`Default: \`${formatRaw(setting.default)}\`${meaning}`) +
          item(`Allowed: ${setting.allowed}`) +
          item(`Environment: \`${row.variable}\``),
      );
    }
  }
  return parts.join("\n");
}

const introduction =
  `<!-- Written by \`deno task docs\` from config/schema.ts. Change it there. -->

# Configuration

${
    wrap(
      "Porchlight works without any of this. Its settings live in " +
        "`porchlight.toml` in the data directory; `porchlight init` writes it with " +
        "every default as a comment. After a change, restart the relay.",
    )
  }
${
    wrap(
      "Each setting can also be given on the command line, as " +
        "`--set section.key=value`, or in the environment, as " +
        "`PORCHLIGHT_SECTION_KEY=value`. The command line wins over the " +
        "environment, the environment over the file, the file over the default. " +
        "A list is written with commas: `--set listen.ports=5223,443`.",
    )
  }
${
    wrap(
      'Durations look like `"500ms"`, `"1.5s"`, `"90m"`, `"6h"` or `"21d"`, sizes ' +
        'like `"512KB"` or `"1MB"` (1 KB is 1,024 bytes). A relative path counts ' +
        "from the data directory, `~/` is your home directory. A relative " +
        "`data.directory` counts from the file it stands in, or from where you are " +
        "if you gave it with `--set`.",
    )
  }`;

function allowedLine(
  { allowed, defaultDoc, default: value }: Setting<unknown>,
) {
  const range = /^(a whole number|a duration|a size)/.test(allowed)
    ? `Allowed: ${allowed.replace(/, such as .*?(?=, or|$)/, "")}.`
    : allowed.startsWith("one of")
    ? `Allowed: ${allowed}.`
    : "";
  const meaning = defaultDoc
    ? `${formatRaw(value)} means ${plain(defaultDoc)}.`
    : "";
  return [range, meaning].filter(Boolean).join(" ");
}

function plain(markdown: string): string {
  return markdown.replaceAll("`", "");
}

function comment(text: string): string {
  return wrap(text, { first: "# ", rest: "# " });
}

function item(text: string): string {
  return wrap(text, { first: "- ", rest: "  " });
}

/** Wraps a text into lines of at most 80 columns; `code` stays whole. */
function wrap(text: string, { first = "", rest = "" } = {}): string {
  const words = text.match(/(?:[^\s`]|`[^`]*`)+/g) ?? [];
  let lines = "";
  let line = first + (words.shift() ?? "");
  for (const word of words) {
    if (line.length + 1 + word.length > 80) {
      lines += `${line}\n`;
      line = rest + word;
    } else line += ` ${word}`;
  }
  return `${lines}${line}\n`;
}
