/**
 * Finding tor on this machine.
 *
 * @module
 */

import type { Config } from "../../config/mod.ts";
import { authenticate } from "./authenticate.ts";
import { type ControlPlace, TorControl } from "./control.ts";
import { TorError } from "./errors.ts";

/** Where tor's control port is unless the settings say otherwise. */
const USUAL: readonly ControlPlace[] = [
  { path: "/run/tor/control" },
  { hostname: "127.0.0.1", port: 9051 },
];

/** A tor that lets us in. */
export interface FoundTor {
  readonly control: TorControl;
  /** Version of tor. */
  readonly version: string;
}

/**
 * Connects to tor where `[onion]` says, or where it usually is, and
 * authenticates.
 *
 * @throws {TorError} of the place that came nearest to working
 */
export async function findTor(
  { control, controlPassword }: Config["onion"],
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<FoundTor> {
  const isChosen = control !== "";
  const places = isChosen ? [placeOf(control)] : USUAL;
  let nearest: unknown;
  for (const place of places) {
    try {
      return await enter(place, {
        password: controlPassword,
        // Any user of this machine can listen on a port where no tor does, and
        // would be given the key of the onion service.
        mustProve: !isChosen && !("path" in place),
        signal,
      });
    } catch (error) {
      if (!(error instanceof TorError)) throw error;
      if (nearest === undefined || error.code !== "not found") nearest = error;
    }
  }
  throw nearest;
}

async function enter(
  place: ControlPlace,
  { password, mustProve, signal }: {
    readonly password: string;
    readonly mustProve: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<FoundTor> {
  await using stack = new AsyncDisposableStack();
  const control = stack.use(await TorControl.connect(place, { signal }));
  const version = await authenticate(control, { password, mustProve });
  stack.move();
  return { control, version };
}

/** A path, or an IP address or name with a port, as the setting allows. */
function placeOf(text: string): ControlPlace {
  const [, host, port] = /^(\[[\da-fA-F:.]+\]|[^/:]+):(\d{1,5})$/.exec(text) ??
    [];
  return host === undefined
    ? { path: text }
    : { hostname: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
