import { askAndPrint, askFlags } from "./ask.ts";
import { command } from "./command.ts";

/** `porchlight save`: brings what the running relay knows onto the disk. */
export const save = command({
  summary: "Have the running relay write down what it counts",
  help:
    `Queues and messages are on the disk as soon as apps are told so. Statistics
are written every five minutes and when the relay stops; this does it now.`,
  flags: askFlags,
  async run(values, { terminal, env }) {
    await askAndPrint({ path: "/save", body: {} }, {
      values,
      env,
      terminal,
      describe: () => ["Everything is on the disk."],
    });
    return 0;
  },
});
