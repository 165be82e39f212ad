import type {
  FileAnswer,
  FileChangeAnswer,
  FilePieceAnswer,
} from "../relay/control/mod.ts";
import { askAndPrint, askFlags } from "./ask.ts";
import { blockingFlags, parseNotice, parseReason } from "./blocking_flags.ts";
import { command } from "./command.ts";
import { UsageError } from "./flags.ts";
import { size } from "./progress.ts";

const ACTIONS = ["status", "block", "delete"] as const;

type Action = typeof ACTIONS[number];

/** `porchlight stored-file`: looks at a file that is kept here, blocks it, deletes it. */
export const storedFile = command({
  summary: "Look at a file that the relay keeps, block it or delete it",
  takes: "status|block|delete FILE",
  help:
    `For files that somebody complained about. FILE is the link or the description
(rcv….xftp) that was given out, or the ID of one piece of the file.

  porchlight stored-file status "https://simplex.chat/file#…"
  porchlight stored-file block rcv1.xftp --reason content
  porchlight stored-file delete rcv1.xftp

A blocked file cannot be received any more, and apps are told why; its content
is removed at once, for good. What is deleted is gone without a word. Only the
pieces on this relay are meant. The link to a large file may lead to a list of
its pieces first: then it is that list which is blocked.`,
  flags: { ...blockingFlags, ...askFlags },
  async run(values, { terminal, env }, words) {
    const [action, file] = parseWords(words);
    const { reason, "notice-ttl": ttl } = values;
    if (action !== "block" && (reason !== undefined || ttl !== undefined)) {
      throw new UsageError("--reason and --notice-ttl are for blocking.");
    }
    const why = action === "block"
      ? { reason: parseReason(reason), notice: parseNotice(ttl) }
      : {};
    const question = {
      path: `/file/${action}`,
      body: { ids: await idsOf(file), ...why },
    };
    const asking = { values, env, terminal };
    if (action === "status") {
      await askAndPrint<FileAnswer>(question, {
        ...asking,
        describe: describeFile,
      });
    } else {
      const done = action === "block" ? "blocked" : "deleted";
      await askAndPrint<FileChangeAnswer>(question, {
        ...asking,
        describe: (answer) => describeChange(answer, done),
      });
    }
    return 0;
  },
});

function parseWords(words: readonly string[]): [Action, string] {
  const [word, file, more] = words;
  const action = ACTIONS.find((action) => action === word);
  if (action === undefined || file === undefined || more !== undefined) {
    throw new UsageError(
      "Say what to do and with which file: porchlight stored-file " +
        `${ACTIONS.join("|")} FILE`,
    );
  }
  return [action, file];
}

/** IDs of the pieces that a description names, or the one that is given. */
async function idsOf(word: string): Promise<string[]> {
  if (/^[\w-]{22}(?:==)?$/.test(word)) return [word];
  const { readDescription } = await import("./file_description.ts");
  const { party, chunks } = await readDescription(word);
  if (party === "sender") {
    throw new UsageError(
      "This is the sender's description, but the relay finds files by the IDs " +
        'of recipients. With this one, use "porchlight file delete".',
    );
  }
  return chunks.flatMap(({ replicas }) =>
    replicas.map(({ replicaId }) =>
      replicaId.toBase64({ alphabet: "base64url", omitPadding: true })
    )
  );
}

/** A file as an owner reads it. */
export function describeFile({ pieces, missing }: FileAnswer): string[] {
  const count = (is: (piece: FilePieceAnswer) => boolean) =>
    pieces.filter(is).length;
  const blocked = pieces.filter(({ status }) => status === "blocked");
  const bytes = pieces.reduce((sum, piece) => sum + piece.size, 0);
  const [first] = pieces.map(({ created }) => created).sort();
  const lines = [
    `Here: ${piecesOf(pieces.length)} of ${size(bytes)} in all, from ` +
    `${first.slice(0, 10)} ${first.slice(11, 16)} UTC.`,
  ];
  const waiting = count(({ uploaded, status }) =>
    !uploaded && status === "active"
  );
  if (waiting > 0) lines.push(`Not uploaded: ${waiting}.`);
  if (blocked.length > 0) {
    const reasons = new Set(blocked.map(({ blocking }) => blocking?.reason));
    lines.push(`Blocked: ${blocked.length}, for ${[...reasons].join(", ")}.`);
  }
  return [...lines, ...elsewhere(missing)];
}

function describeChange(
  { changed, missing }: FileChangeAnswer,
  done: "blocked" | "deleted",
): string[] {
  return [
    changed === 1
      ? `1 piece of the file is ${done}.`
      : `${changed} pieces of the file are ${done}.`,
    ...elsewhere(missing),
  ];
}

function elsewhere(missing: number): string[] {
  return missing === 0
    ? []
    : [`Not on this relay, or not any more: ${piecesOf(missing)}.`];
}

function piecesOf(count: number): string {
  return count === 1 ? "1 piece" : `${count} pieces`;
}
