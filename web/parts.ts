/**
 * What the routes of the page have to do with.
 *
 * @module
 */

import type { Context } from "hono";
import type { Log } from "../relay/log.ts";
import type { Attempts } from "./attempts.ts";
import type { Checkup } from "./checkup.ts";
import type { Contribution } from "./contribution.ts";
import type { Interface } from "./local_network.ts";
import type { OwnerPassword } from "./owner_password.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { SettingsFile } from "./settings_file.ts";

/** Parts of the page. */
export interface WebParts {
  /** The relay's control socket. */
  readonly socket: string;
  readonly settings: SettingsFile;
  readonly password: OwnerPassword;
  readonly sessions: Sessions;
  readonly attempts: Attempts;
  readonly contribution: Contribution;
  readonly checkup: Checkup;
  readonly log: Log;
  /** Aborted when the page stops. */
  readonly signal: AbortSignal;
  /** Addresses of this machine. */
  readonly interfaces: () => readonly Interface[];
}

/** What a request brings. */
export interface WebEnv {
  Bindings: {
    /** Address of whoever asks. */
    readonly peer: string;
  };
  Variables: {
    /** There on the routes of the owner. */
    session: Session;
  };
}

export type WebContext = Context<WebEnv>;
