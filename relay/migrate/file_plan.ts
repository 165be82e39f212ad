/**
 * What an import of files has to do: the server's log is read, contents are
 * looked for and put into the relay's folder.
 *
 * @module
 */

import { join } from "node:path";
import { type BookFile, FileBook } from "./file_book.ts";
import {
  closeFolder,
  findContent,
  hasContent,
  openFolder,
  takeContent,
} from "./file_contents.ts";
import { FILE_LINE_MAX, parseFileLogLine } from "./file_log.ts";
import { type Ini, iniValue } from "./ini.ts";
import { forEachRecord } from "./read_state.ts";
import {
  FILE_STATE_FILES,
  isFile,
  type ReferenceDirectories,
} from "./reference_files.ts";
import { type Findings, MigrateError } from "./report.ts";

/** A file of the log, and where its content is, if anywhere. */
export interface PlannedFile extends BookFile {
  source: string | undefined;
}

/** Reads the log.
 *
 * @throws {MigrateError} when there is none
 */
export async function readFileLog(
  { state }: ReferenceDirectories,
  { ini, findings }: { ini: Ini | undefined; findings: Findings },
): Promise<FileBook> {
  let file: string = FILE_STATE_FILES.files;
  // It is there when the server was interrupted while it wrote the log anew.
  if (await isFile(join(state, `${file}.start`))) {
    file = `${file}.start`;
    findings.note(
      `The server was interrupted at its last start: ${file} was read, ` +
        "as the server would have done.",
    );
  }
  if (!await isFile(join(state, file))) {
    const inDatabase = ini !== undefined &&
      iniValue(ini, "STORE_LOG", "store_files") === "database";
    throw new MigrateError(
      `There is no ${file} in ${state}. ` +
        (inDatabase
          ? "The server keeps its files in PostgreSQL: write them to the file " +
            'first, with "xftp-server database export".'
          : "It has the server's files: give the directory where it is, " +
            "mostly /var/opt/simplex-xftp."),
    );
  }
  const book = new FileBook();
  const source = { directory: state, findings };
  forEachRecord(source, { file, maxLength: FILE_LINE_MAX }, (text, line) => {
    const fault = book.add(parseFileLogLine(text), line);
    if (fault !== undefined) findings.problem({ file, line, text: fault });
  });
  return book;
}

/** Looks where the contents are. */
export function planFiles(
  book: FileBook,
  { options: { from, filesDirectory }, ini, findings }: {
    options: {
      readonly from: ReferenceDirectories;
      readonly filesDirectory?: string;
    };
    ini: Ini | undefined;
    findings: Findings;
  },
): PlannedFile[] {
  const configured = ini && iniValue(ini, "FILES", "path");
  const directories = filesDirectory !== undefined
    ? [filesDirectory]
    : [...configured ? [configured] : [], join(from.state, "files")];
  return Array.from(book.files(), (file): PlannedFile => {
    if (file.path === undefined) return { ...file, source: undefined };
    const found = findContent(file.path, { facts: file.file, directories });
    if ("path" in found) return { ...file, source: found.path };
    tellFault(file, { text: found.fault, findings });
    return { ...file, source: undefined };
  });
}

/** Notes what is wrong with a file of the log. */
export function tellFault(
  { line }: BookFile,
  { text, findings }: { text: string; findings: Findings },
): void {
  const file = FILE_STATE_FILES.files;
  findings.problem({ file, line, text });
}

/** Bytes of the contents that are not in the relay's folder yet. */
export function missingBytes(
  files: readonly PlannedFile[],
  folder: string,
): number {
  let bytes = 0;
  for (const { source, file } of files) {
    if (source !== undefined && !hasContent(folder, file)) bytes += file.size;
  }
  return bytes;
}

/** Copies the contents into the relay's folder. */
export async function takeContents(
  files: readonly PlannedFile[],
  { options: { contents: folder, directory }, findings }: {
    options: { readonly contents: string; readonly directory: string };
    findings: Findings;
  },
): Promise<void> {
  await openFolder(folder);
  for (const planned of files) {
    const { source, file } = planned;
    if (source === undefined) continue;
    if (takeContent(source, { facts: file, folder }) === "taken") continue;
    planned.source = undefined;
    const text = "the content of its file is damaged";
    tellFault(planned, { text, findings });
  }
  await closeFolder(folder, await ownerOf(directory));
}

/** Imported as root, contents go to whom the data directory belongs. */
async function ownerOf(directory: string) {
  if (Deno.uid() !== 0) return undefined;
  const { uid, gid } = await Deno.stat(directory);
  return uid === null || gid === null ? undefined : { uid, gid };
}
