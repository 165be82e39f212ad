import { VERSION } from "../relay/version.ts";
import { command } from "./command.ts";

/** `porchlight version`: prints the version. */
export const version = command({
  summary: "Print the version",
  help: "Prints the version of Porchlight, and what it runs on.",
  flags: {},
  run(_values, { terminal }) {
    const { os, arch } = Deno.build;
    terminal.print(
      `porchlight ${VERSION} (Deno ${Deno.version.deno}, ${os} ${arch})`,
    );
    return 0;
  },
});
