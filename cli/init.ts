import { command } from "./command.ts";
import { configFlags } from "./flags.ts";
import { initialise } from "./settings.ts";

/** `porchlight init`: makes directory, identity and settings. */
export const init = command({
  summary: "Make the relay's identity and settings; start does it too",
  help:
    `Makes the data directory, the relay's identity (keys and certificates) and
porchlight.toml, in which every setting stands as a comment. What is there
already stays as it is: the identity is the relay's address for life.`,
  flags: configFlags,
  async run(values, { terminal, env }) {
    const made = await initialise(values, env);
    const { directory } = made.config.data;
    terminal.print(
      `${made.madeIdentity ? "Made" : "Kept"} the identity in ${directory}`,
      `${made.madeFile ? "Made" : "Kept"} the settings in ${made.file}`,
      `Fingerprint: ${made.fingerprint}`,
      "",
      "Start the relay with: porchlight start",
    );
    return 0;
  },
});
