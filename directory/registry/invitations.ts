/**
 * Who vouches for whom.
 *
 * @module
 */

import type { Invitation } from "./database.ts";

/** Relays that one may vouch for in {@link WINDOW_DAYS}. */
const MAX_GUESTS = 5;
const WINDOW_DAYS = 30;
/** Of a guest; more make no difference. */
const MAX_INVITERS = 4;

/** Invitations by their guests. */
export class Invitations {
  readonly #byGuest = new Map<string, Invitation[]>();

  constructor(saved: readonly Invitation[]) {
    for (const each of saved) this.#put(each);
  }

  /** Keys of those who vouch for the guest. */
  invitersOf(guest: string): string[] {
    return (this.#byGuest.get(guest) ?? []).map(({ inviter }) => inviter);
  }

  /**
   * Adds one; false when the inviter has vouched for too many of late, or for
   * one that was shut out.
   */
  add(invitation: Invitation, isBanned: (key: string) => boolean): boolean {
    const { guest, inviter, day } = invitation;
    if (guest === inviter) return false;
    const mine = [...this.#byGuest.values()].flat()
      .filter((each) => each.inviter === inviter && each.guest !== guest);
    const late = mine.filter((each) => each.day > day - WINDOW_DAYS);
    if (late.length >= MAX_GUESTS) return false;
    if (mine.some((each) => isBanned(each.guest))) return false;
    if (this.invitersOf(guest).length >= MAX_INVITERS) return false;
    this.#put(invitation);
    return true;
  }

  /** The guest is not known any more. */
  forget(guest: string): void {
    this.#byGuest.delete(guest);
  }

  #put(invitation: Invitation): void {
    const others = (this.#byGuest.get(invitation.guest) ?? [])
      .filter(({ inviter }) => inviter !== invitation.inviter);
    this.#byGuest.set(invitation.guest, [...others, invitation]);
  }
}
