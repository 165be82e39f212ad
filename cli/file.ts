import { command } from "./command.ts";
import { fileFlags } from "./file_flags.ts";
import { UsageError } from "./flags.ts";

/** Loaded when they are asked for: a relay that runs does without them. */
const actions = {
  send: async () => (await import("./file_send.ts")).send,
  receive: async () => (await import("./file_receive.ts")).receive,
  delete: async () => (await import("./file_delete.ts")).deleteCommand,
} as const;

/** `porchlight file`: sends files over XFTP relays, receives and deletes them. */
export const file = command({
  summary: "Send and receive files over XFTP relays",
  takes: "send|receive|delete FILE",
  help:
    `Sends a file through one or several relays, encrypted from end to end, or gets
one that somebody sent. No relay needs to run here. The xftp program of SimpleX
understands the same descriptions.

  porchlight file send photo.jpg --server xftp://…@relay.example.org
  porchlight file receive photo.jpg.xftp/rcv1.xftp
  porchlight file delete photo.jpg.xftp/snd.xftp.private

Sending writes descriptions into a directory: one for each recipient, to be
handed over in private, and one for you, to delete the file. Each recipient's
works once. Whoever has one can read the file. Relays keep files for some days
only, often two.

"receive" also takes a link to a file, in quotes. No file here is overwritten.`,
  flags: fileFlags,
  async run(values, context, words) {
    const [action, target, more] = words;
    if (
      action === undefined || !Object.hasOwn(actions, action) ||
      target === undefined || more !== undefined
    ) {
      throw new UsageError(
        'Say what to do with which file: "porchlight file send FILE", ' +
          '"porchlight file receive DESCRIPTION" or ' +
          '"porchlight file delete DESCRIPTION".',
      );
    }
    // Checked just above.
    const act = await actions[action as keyof typeof actions]();
    return await act(target, { ...context, values });
  },
});
