/**
 * Whom this program trusts for its updates: the root of the project's keys and
 * the address of its repository. `deno task release trust` writes both files.
 *
 * @module
 */

import { UpdateError } from "../error.ts";
import builtInRoot from "./root.json" with { type: "json" };
import source from "./source.json" with { type: "json" };

/** Whom to trust, and where to ask. */
export interface Trust {
  /** Base address of the repository, without a slash at its end. */
  readonly url: string;
  /** Root metadata of TUF as JSON. */
  readonly root: string;
  /** Tells one pair of these from another. */
  readonly name: string;
}

/**
 * What the settings say, else what is built in.
 *
 * @throws {UpdateError} `no source`
 */
export async function trustOf(
  settings: { readonly url: string; readonly root: string },
): Promise<Trust> {
  const url = (settings.url || source.url).replace(/\/+$/, "");
  if (url === "") {
    throw new UpdateError(
      "no source",
      "This build of Porchlight has no place to get updates from.",
      {
        remedy: "Update it the way it was installed, or set update.url and " +
          "update.root.",
      },
    );
  }
  if (settings.root === "") {
    return { url, root: JSON.stringify(builtInRoot), name: url };
  }
  try {
    const root = await Deno.readTextFile(settings.root);
    return { url, root, name: `${url} ${settings.root}` };
  } catch (cause) {
    throw new UpdateError(
      "no source",
      `Cannot read ${settings.root} (update.root).`,
      { cause },
    );
  }
}
