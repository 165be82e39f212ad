/**
 * The settings of a relay that has moved to another machine.
 *
 * @module
 */

/** Settings that name a place of the old machine where nothing is now. */
const OLD_PLACES = [
  "data.directory",
  "tls.certificate",
  "tls.key",
  "tls.ca",
] as const;

/**
 * Turns the settings that name where the relay's own files were into
 * comments: restored, all of them are in the data directory. Gives the names
 * of those that it turned.
 */
export function withoutOldPlaces(
  toml: string,
): { readonly text: string; readonly taken: string[] } {
  let section = "";
  const taken: string[] = [];
  const lines = toml.split("\n").map((line) => {
    section = /^\s*\[\s*(\w+)\s*\]/.exec(line)?.[1] ?? section;
    const key = /^\s*(\w+)\s*=/.exec(line)?.[1];
    const name = OLD_PLACES.find((each) => each === `${section}.${key}`);
    if (name === undefined) return line;
    taken.push(name);
    return `# ${line.trim()}  (of the machine where the backup was made)`;
  });
  return { text: lines.join("\n"), taken };
}
