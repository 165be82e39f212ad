import { nearest } from "../config/mod.ts";
import { type Command, command, type Commands } from "./command.ts";
import { commonFlags, type Flag, UsageError } from "./flags.ts";

/** `porchlight help [command]`: lists the commands, or explains one. */
export const help = command({
  summary: "Explain a command",
  takes: "[command]",
  help: "Lists the commands, or explains one: porchlight help start",
  flags: {},
  run(_values, { terminal, commands }, words) {
    if (words.length > 1) {
      throw new UsageError("help explains one command at a time.");
    }
    terminal.print(
      words.length === 0 ? overview(commands) : explain(commands, words[0]),
    );
    return 0;
  },
});

/** The list of commands. */
export function overview(commands: Commands): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const list = Object.entries(commands).map(([name, { summary }]) =>
    `  ${name.padEnd(width)}  ${summary}`
  );
  return `Porchlight: a SimpleX relay at home.

Usage: porchlight <command> [flags]

${list.join("\n")}

Begin with "porchlight start". "porchlight help <command>" explains a command.`;
}

/**
 * The help of one command.
 *
 * @throws {UsageError} if there is no such command
 */
export function explain(commands: Commands, name: string): string {
  const it = commandOf(commands, name);
  const flags: [string, Flag][] = Object.entries({
    ...it.flags,
    ...commonFlags,
  });
  const usage = flags.map(([name, { value, doc, short }]) => {
    const left = [
      short === undefined ? "    " : `-${short}, `,
      `--${name}`,
      value === undefined ? "" : ` ${value}`,
    ].join("");
    return { left, doc };
  });
  const width = Math.max(...usage.map(({ left }) => left.length));
  const list = usage.map(({ left, doc }) => `  ${left.padEnd(width)}  ${doc}`);
  const takes = it.takes === undefined ? "" : ` ${it.takes}`;
  return `${it.summary}.

Usage: porchlight ${name}${takes} [flags]

${it.help}

Flags:
${list.join("\n")}`;
}

/**
 * The command of that name.
 *
 * @throws {UsageError} naming the nearest
 */
export function commandOf(commands: Commands, name: string): Command {
  if (Object.hasOwn(commands, name)) return commands[name];
  const names = Object.keys(commands);
  const meant = nearest(name, names);
  throw new UsageError(
    `There is no command "${name.slice(0, 60)}". ` +
      (meant === undefined
        ? `The commands are: ${names.join(", ")}.`
        : `Did you mean "porchlight ${meant}"?`),
  );
}
