import { basename, join } from "node:path";
import {
  AddressError,
  parseServerAddress,
  type ServerAddress,
} from "../relay/smp/mod.ts";
import { sendFile, type SentFile } from "../relay/xftp/transfer/mod.ts";
import {
  makeDescriptionDirectory,
  writeDescription,
} from "./file_description.ts";
import {
  type FileContext,
  interruptible,
  reachOptions,
  refuseFlags,
  withProgress,
} from "./file_flags.ts";
import { UsageError } from "./flags.ts";
import { size } from "./progress.ts";

/** Most recipients of a file. */
const MAX_RECIPIENTS = 1000;
/** Above this apps do not take a file (`maxFileSize` in the reference). */
const APPS_TAKE = 1024 ** 3;

/** `porchlight file send FILE`. */
export async function send(
  path: string,
  { values, terminal }: FileContext,
): Promise<number> {
  refuseFlags(values, "file send", ["yes"]);
  const servers = parseServers(values.server);
  const recipients = parseRecipients(values.recipients);
  const reach = reachOptions(values);
  const directory = await makeDescriptionDirectory(
    values.output ?? ".",
    basename(path),
  );
  let sent: SentFile;
  try {
    sent = await interruptible((signal) =>
      withProgress(
        "Uploading",
        terminal,
        (tell) =>
          sendFile(path, { servers, recipients, signal, ...reach, ...tell }),
      )
    );
  } catch (error) {
    await Deno.remove(directory);
    throw error;
  }
  const mine = join(directory, "snd.xftp.private");
  await writeDescription(mine, sent.sender);
  const theirs: string[] = [];
  for (const [i, description] of sent.recipients.entries()) {
    const name = join(directory, `rcv${i + 1}.xftp`);
    await writeDescription(name, description);
    theirs.push(name);
  }
  const { print, style } = terminal;
  const { size: bytes, chunks } = sent.sender;
  const parts = chunks.length === 1 ? "1 part" : `${chunks.length} parts`;
  print(
    `${style("green", "Sent")} ${basename(path)}: ${size(bytes)} in ${parts}.`,
    "",
    theirs.length === 1
      ? "Hand this to the recipient, in private:"
      : "Hand each recipient one of these, in private:",
    ...theirs.map((name) => `  ${name}`),
    "",
    'Keep this; with "porchlight file delete" it takes the file back:',
    `  ${mine}`,
  );
  if (bytes > APPS_TAKE) {
    print("", "SimpleX apps do not take files above 1 GB; Porchlight does.");
  }
  return 0;
}

function parseServers(texts: readonly string[]): ServerAddress[] {
  if (texts.length === 0) {
    throw new UsageError(
      "Say which relay takes the file: --server xftp://…@relay.example.org",
    );
  }
  return texts.map((text) => {
    const address = parse(text);
    if (address.scheme === "xftp") return address;
    throw new UsageError(
      "--server takes the address of a relay for files; it begins with " +
        "xftp://.",
    );
  });
}

function parse(text: string): ServerAddress {
  try {
    return parseServerAddress(text);
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause;
    throw new UsageError(`--server: ${cause.message}`, { cause });
  }
}

function parseRecipients(text: string | undefined): number {
  if (text === undefined) return 1;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MAX_RECIPIENTS) return number;
  throw new UsageError(`--recipients is a number from 1 to ${MAX_RECIPIENTS}.`);
}
