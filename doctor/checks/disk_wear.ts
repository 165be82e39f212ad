import { type Check, ok, problem, type Verdict, warning } from "../check.ts";
import type { Machine } from "../machine.ts";

/** Errors that Linux found on file systems, and how worn SD cards say they are. */
export const diskWear: Check = {
  name: "disk health",
  group: "This machine",
  run({ machine }) {
    return [...fileSystemErrors(machine), ...wear(machine)];
  },
};

/** `/sys/fs/ext4/<disk>/errors_count` */
function fileSystemErrors(machine: Machine): Verdict[] {
  const disks = machine.list("/sys/fs/ext4").flatMap((disk) => {
    const text = machine.read(`/sys/fs/ext4/${disk}/errors_count`);
    return text === undefined ? [] : [{ disk, errors: Number(text.trim()) }];
  });
  const bad = disks.filter(({ errors }) => errors > 0);
  if (disks.length > 0 && bad.length === 0) {
    return [ok("Linux has found no errors on its disks.")];
  }
  return bad.map(({ disk, errors }) =>
    problem(
      `Linux has found ${errors} ${
        errors === 1 ? "error" : "errors"
      } on ${disk}.`,
      {
        meaning: "Data may be damaged already, and more will be if the card " +
          "or disk is dying.",
        remedy: "Make a backup now. Then check the disk at the next start " +
          "(sudo touch /forcefsck, or fsck.mode=force in the kernel's " +
          "command line), or replace it.",
      },
    )
  );
}

/** Tenths of its life that a card has behind it; 11 is beyond (JESD84-B51, EXT_CSD 268, 269). */
const WORN = 9;
const BEYOND = 11;

function wear(machine: Machine): Verdict[] {
  return machine.list("/sys/block").filter((name) => /^mmcblk\d+$/.test(name))
    .flatMap((name) => {
      const at = `/sys/block/${name}/device`;
      const tenths = Math.max(
        ...(machine.read(`${at}/life_time`) ?? "").trim().split(/\s+/)
          .map((text) => /^0x[\da-f]+$/i.test(text) ? Number(text) : 0),
      );
      const spare = Number(machine.read(`${at}/pre_eol_info`)?.trim() ?? 0);
      const card = machine.read(`${at}/type`)?.trim() === "SD"
        ? "The SD card"
        : "The eMMC";
      return wearVerdict(card, { tenths, spare });
    });
}

/** Most SD cards say nothing (0), which means nothing. */
function wearVerdict(
  card: string,
  { tenths, spare }: { tenths: number; spare: number },
): Verdict[] {
  const remedy =
    "Make a backup, and move to a new one soon: docs/operating.md " +
    "says how to take the relay along.";
  if (tenths >= BEYOND || spare === 3) {
    return [problem(`${card} is worn out, by its own count.`, {
      meaning: "It may stop taking writes any day.",
      remedy,
    })];
  }
  if (tenths >= WORN || spare === 2) {
    return [warning(
      `${card} has more than ${(Math.max(tenths, WORN) - 1) * 10} % of its ` +
        "life behind it.",
      { remedy },
    )];
  }
  return tenths > 0
    ? [ok(`${card} has used up ${tenths * 10} % of its life at most.`)]
    : [];
}
