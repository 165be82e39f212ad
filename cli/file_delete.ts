import { deleteFile } from "../relay/xftp/transfer/mod.ts";
import { readDescription, removeUsedUp } from "./file_description.ts";
import {
  type FileContext,
  interruptible,
  reachOptions,
  refuseFlags,
} from "./file_flags.ts";

/** `porchlight file delete DESCRIPTION`. */
export async function deleteCommand(
  path: string,
  { values, terminal }: FileContext,
): Promise<number> {
  refuseFlags(values, "file delete", ["server", "recipients", "output"]);
  const reach = reachOptions(values);
  const description = await readDescription(path);
  const { deleted } = await interruptible((signal) =>
    deleteFile(description, { signal, ...reach })
  );
  terminal.print(
    deleted > 0
      ? "The file is deleted: nobody can receive it any more."
      : "The relays do not have the file any more.",
  );
  await removeUsedUp(path, { yes: values.yes, terminal });
  return 0;
}
