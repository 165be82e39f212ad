/**
 * Who is logged in. Kept in memory: a restart of the program logs everybody
 * out.
 *
 * @module
 */

import {
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

/** How long somebody stays logged in without doing anything, in ms. */
const IDLE_MS = 12 * 3_600_000;
/** How long at most, in ms. */
const LIFE_MS = 7 * 86_400_000;
/** Sessions at a time; beyond, the oldest ends. */
const MAX_SESSIONS = 32;
const TOKEN_LENGTH = 32;

/** Name of the cookie, which scripts cannot read. */
export const COOKIE = "porchlight";

/** Somebody who is logged in. */
export interface Session {
  /** Goes into each form of the session, so that no other site can send one. */
  readonly formToken: string;
  /** Something to say on the next page, once. */
  notice?: string;
}

interface Kept extends Session {
  readonly began: number;
  used: number;
}

/** All sessions. Tokens are kept as their hashes. */
export class Sessions {
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #secret = randomBytes(TOKEN_LENGTH);

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Begins one and gives the token for the cookie. */
  begin(): string {
    const token = newToken();
    const now = this.#now();
    this.#kept.set(keyOf(token), {
      formToken: newToken(),
      began: now,
      used: now,
    });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_SESSIONS) this.#kept.delete(oldest);
    return token;
  }

  /** The session of this cookie; with `use`, it has been used now. */
  get(
    token: string | undefined,
    { use = true }: { readonly use?: boolean } = {},
  ): Session | undefined {
    if (token === undefined || token.length > 100) return undefined;
    const key = keyOf(token);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const now = this.#now();
    if (now - kept.used > IDLE_MS || now - kept.began > LIFE_MS) {
      this.#kept.delete(key);
      return undefined;
    }
    if (use) kept.used = now;
    return kept;
  }

  end(token: string): void {
    this.#kept.delete(keyOf(token));
  }

  endAll(): void {
    this.#kept.clear();
  }

  /** The token for the forms of somebody who is not logged in, by their cookie. */
  formTokenFor(visitor: string): string {
    return createHmac("sha256", this.#secret).update(visitor)
      .digest("base64url");
  }
}

/** A token that nobody can guess. */
export function newToken(): string {
  return randomBytes(TOKEN_LENGTH).toString("base64url");
}

/** Compares in the same time wherever they differ. */
export function isSameToken(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function keyOf(token: string): string {
  return digest(token).toString("base64url");
}

function digest(text: string) {
  return createHash("sha256").update(text).digest();
}
