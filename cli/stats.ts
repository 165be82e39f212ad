import type {
  FileStatisticsAnswer,
  PeriodCounts,
  StatisticsAnswer,
} from "../relay/control/mod.ts";
import { askAndPrint, askFlags, table } from "./ask.ts";
import { command } from "./command.ts";
import { size } from "./progress.ts";

/** `porchlight stats`: what the running relay has counted. */
export const stats = command({
  summary: "Say what the running relay has counted",
  help:
    `Shows sums over the whole relay; nothing in them is about one user. With
--json it shows all counters, under the names that SimpleX servers give them.`,
  flags: askFlags,
  async run(values, { terminal, env }) {
    await askAndPrint<StatisticsAnswer>({ path: "/stats" }, {
      values,
      env,
      terminal,
      describe,
    });
    return 0;
  },
});

/** The statistics as an owner reads them. */
export function describe(answer: StatisticsAnswer): string[] {
  const { total, period, stored } = answer;
  const row = (
    label: string,
    count: (counters: StatisticsAnswer["total"]) => number,
  ) => [label, number(count(period)), number(count(total))];
  return [
    "Stored now:",
    ...table([
      ["queues", number(stored.queues)],
      ["with notifications", number(stored.notifiers)],
      ["messages", number(stored.messages)],
    ]),
    "",
    ...table([
      ["", `since ${time(answer.periodSince)}`, `since ${time(answer.since)}`],
      row("queues created", ({ qCreated }) => qCreated),
      row("queues deleted", ({ qDeletedAll }) => qDeletedAll),
      row("queues blocked", ({ qBlocked }) => qBlocked),
      row("messages taken", ({ msgSent }) => msgSent),
      row("messages delivered", ({ msgRecv }) => msgRecv),
      row("messages expired", ({ msgExpired }) => msgExpired),
      row("refused: queue full", ({ msgSentQuota }) => msgSentQuota),
      row("refused: not allowed", ({ msgSentAuth }) => msgSentAuth),
      row("notifications handed on", ({ msgNtfs }) => msgNtfs),
      row(
        "messages to other relays",
        ({ pMsgFwds_pSuccesses }) => pMsgFwds_pSuccesses,
      ),
      row("messages from other relays", ({ pMsgFwdsRecv }) => pMsgFwdsRecv),
    ]),
    "",
    ...table([
      ["", "this day", "this week", "this month"],
      active("queues in use", answer.activeQueues),
      active("with notifications", answer.activeQueuesNtf),
    ]),
    ...answer.files === undefined ? [] : ["", ...describeFiles(answer.files)],
  ];
}

function describeFiles(answer: FileStatisticsAnswer): string[] {
  const { total, period, stored } = answer;
  const row = (
    label: string,
    count: (counters: FileStatisticsAnswer["total"]) => number,
  ) => [label, number(count(period)), number(count(total))];
  return [
    "Files stored now, each a piece of what was sent:",
    ...table([
      ["files", number(stored.uploaded)],
      ["size", `${size(stored.bytesUsed)} of ${size(stored.quota)}`],
      ["without content", number(stored.files - stored.uploaded)],
    ]),
    "",
    ...table([
      ["", `since ${time(answer.periodSince)}`, `since ${time(answer.since)}`],
      row("files announced", ({ filesCreated }) => filesCreated),
      row("for recipients", ({ fileRecipients }) => fileRecipients),
      row("files uploaded", ({ filesUploaded }) => filesUploaded),
      row("downloads", ({ fileDownloads }) => fileDownloads),
      row("downloads confirmed", ({ fileDownloadAcks }) => fileDownloadAcks),
      row("files deleted", ({ filesDeleted }) => filesDeleted),
      row("files expired", ({ filesExpired }) => filesExpired),
      row("files blocked", ({ filesBlocked }) => filesBlocked),
    ]),
    "",
    ...table([
      ["", "this day", "this week", "this month"],
      active("files downloaded", answer.downloaded),
    ]),
  ];
}

function active(label: string, { day, week, month }: PeriodCounts): string[] {
  return [label, number(day), number(week), number(month)];
}

function number(value: number): string {
  return value.toLocaleString("en");
}

/** `2026-11-20 11:03 UTC` */
function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
