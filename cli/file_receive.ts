import { receiveFile, TransferError } from "../relay/xftp/transfer/mod.ts";
import { isLink, readDescription, removeUsedUp } from "./file_description.ts";
import {
  type FileContext,
  interruptible,
  reachOptions,
  refuseFlags,
  withProgress,
} from "./file_flags.ts";
import { size } from "./progress.ts";

/** `porchlight file receive DESCRIPTION|LINK`. */
export async function receive(
  word: string,
  { values, terminal }: FileContext,
): Promise<number> {
  refuseFlags(values, "file receive", ["server", "recipients"]);
  const reach = reachOptions(values);
  const directory = values.output ?? ".";
  await requireDirectory(directory);
  const description = await readDescription(word);
  const received = await interruptible((signal) =>
    withProgress(
      "Downloading",
      terminal,
      (tell) =>
        receiveFile(description, { directory, signal, ...reach, ...tell }),
    )
  );
  const { print, style } = terminal;
  print(
    `${style("green", "Received")} ${received.path} (${size(received.size)}).`,
  );
  if (!received.acknowledged) {
    print(
      "A relay could not be told so; it keeps its part until that expires.",
    );
  }
  if (!isLink(word)) {
    await removeUsedUp(word, { yes: values.yes, terminal });
  }
  return 0;
}

async function requireDirectory(path: string): Promise<void> {
  const info = await Deno.stat(path).catch((cause) => {
    throw new TransferError("file", `There is no directory ${path}`, { cause });
  });
  if (!info.isDirectory) {
    throw new TransferError("file", `This is not a directory: ${path}`);
  }
}
