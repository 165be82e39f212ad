import { type Check, ok, problem, type Verdict, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { inWords, MB } from "../sizes.ts";

/** What a relay takes when it starts, and what it should have beside it. */
const NEEDED = 150 * MB;
const SCARCE = 64 * MB;

/** Memory: what is free, what a container allows, and who was killed for want of it. */
export const memory: Check = {
  name: "memory",
  group: "This machine",
  run(context) {
    return [...free(context), ...killed(context)];
  },
};

function free({ machine, relay }: DoctorContext): Verdict[] {
  const info = machine.read("/proc/meminfo");
  if (info === undefined) return [];
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(info)?.[1] ?? 0) *
    1024;
  const limit = containerLimit(machine.read("/sys/fs/cgroup/memory.max"));
  const used = Number(machine.read("/sys/fs/cgroup/memory.current") ?? 0);
  const limited = limit !== undefined && limit - used < field("MemAvailable");
  const available = limited ? Math.max(0, limit - used) : field("MemAvailable");
  const total = limited ? limit : field("MemTotal");
  const what = `${inWords(available)} of ${inWords(total)} are free` +
    (limited ? " in this container." : ".");
  // A relay that runs has what it needs already.
  const enough = relay.state === "running" ? SCARCE : NEEDED;
  if (available >= enough) return [ok(what)];
  const rest = {
    meaning: "The system may end the relay when memory runs out.",
    remedy: limited
      ? "Give the container more memory."
      : "End what you do not need, or add swap (on a Raspberry Pi: zram).",
  };
  return [available < SCARCE / 2 ? problem(what, rest) : warning(what, rest)];
}

/** `max` where there is no limit (cgroups(7)). */
function containerLimit(text: string | undefined): number | undefined {
  const limit = Number(text?.trim() ?? NaN);
  return Number.isFinite(limit) ? limit : undefined;
}

/** proc_vmstat(5). */
function killed({ machine }: DoctorContext): Verdict[] {
  const text = machine.read("/proc/vmstat") ?? "";
  const count = Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  if (count === 0) return [];
  const programs = count === 1 ? "one program" : `${count} programs`;
  return [warning(
    `Since its start, the system has ended ${programs} for want of memory.`,
    {
      meaning: "One of them may have been the relay.",
      remedy: "See which: sudo dmesg | grep -i 'killed process'",
    },
  )];
}
