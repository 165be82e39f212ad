/**
 * Where the disks of this machine are.
 *
 * @module
 */

import type { Machine } from "./machine.ts";

/** A mounted file system. */
export interface Mount {
  /** Where it is mounted. */
  readonly point: string;
  readonly readOnly: boolean;
  /** It was mounted for writing, and the kernel thought better of it. */
  readonly writableWhenMounted: boolean;
  /** `8:1`, as under `/sys/dev/block/`. */
  readonly device: string;
}

/**
 * The file system that `path` is on; `undefined` where Linux does not say.
 *
 * ```
 * 36 35 98:0 /root /mount/point rw,noatime optional… - ext4 /dev/x rw,errors=…
 * ```
 *
 * Source: proc_pid_mountinfo(5).
 */
export function mountOf(path: string, machine: Machine): Mount | undefined {
  let best: Mount | undefined;
  for (const line of (machine.read("/proc/self/mountinfo") ?? "").split("\n")) {
    const [, , device, , escaped, options, ...rest] = line.split(" ");
    const superOptions = rest.at(-1)?.split(",") ?? [];
    if (options === undefined) continue;
    const point = escaped.replaceAll(
      /\\(\d{3})/g,
      (_all, octal) => String.fromCharCode(parseInt(octal, 8)),
    );
    const holds = path === point ||
      path.startsWith(point.endsWith("/") ? point : `${point}/`);
    // Of two in one place, the later covers the earlier.
    if (!holds || point.length < (best?.point.length ?? 0)) continue;
    const mountOnly = options.split(",").includes("ro");
    const whole = superOptions.includes("ro");
    best = {
      point,
      device,
      readOnly: mountOnly || whole,
      writableWhenMounted: whole && !mountOnly,
    };
  }
  return best;
}
