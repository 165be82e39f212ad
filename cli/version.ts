import { COMMIT, VERSION } from "../relay/version.ts";
import { command } from "./command.ts";

/** `porchlight version`: prints the version. */
export const version = command({
  summary: "Print the version",
  help: "Prints the version of Porchlight, and what it runs on.",
  flags: {},
  run(_values, { terminal }) {
    const { os, arch } = Deno.build;
    const details = [`Deno ${Deno.version.deno}`, `${os} ${arch}`];
    if (COMMIT) details.push(`commit ${COMMIT.slice(0, 12)}`);
    terminal.print(`porchlight ${VERSION} (${details.join(", ")})`);
    return 0;
  },
});
