/**
 * Who may use how much of the disk: content that is there, and space that is
 * reserved for what is announced or on its way.
 *
 * @module
 */

import { statfsSync } from "node:fs";

/** Bounds of the space. Sizes in bytes. */
export interface SpaceOptions {
  /** For all contents together. */
  readonly quota: number;
  /** Folder of the contents. */
  readonly path: string;
  /** So much of the disk stays free. */
  readonly keepFree: number;
  /** For how long an announced file keeps its space without an upload, ms. */
  readonly reservationMs: number;
}

interface Reservation {
  readonly size: number;
  /** Until when it is kept without an upload (`performance.now()`). */
  readonly until: number;
  /** Uploads that use it. */
  uploads: number;
}

/** Accounts for the space of contents. */
export class Space {
  readonly #options: SpaceOptions;
  #used: number;
  #reserved = 0;
  /** Of what is reserved, what no upload uses. */
  #idle = 0;
  /** By name of the content; oldest first. */
  readonly #reservations = new Map<string, Reservation>();

  constructor(used: number, options: SpaceOptions) {
    this.#used = used;
    this.#options = options;
  }

  /** Bytes of contents. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that are reserved. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Sets space aside for a file that was announced, if there is some. */
  announce(name: string, size: number): void {
    if (this.#reservations.has(name) || !this.#fits(size)) return;
    this.#add(name, size);
  }

  /**
   * Takes the space for an upload; false when there is none. Announcing costs
   * nothing, so what is only announced gives way to what is there.
   */
  take(name: string, size: number): boolean {
    const reservation = this.#reservations.get(name);
    if (reservation === undefined) {
      this.#makeRoom(size);
      if (!this.#fits(size)) return false;
      this.#use(this.#add(name, size));
      return true;
    }
    if (!this.#diskHas(size)) return false;
    this.#use(reservation);
    return true;
  }

  /** An upload has ended without a content. */
  giveBack(name: string): void {
    const reservation = this.#reservations.get(name);
    if (reservation === undefined) return;
    reservation.uploads--;
    if (reservation.uploads > 0) return;
    this.#idle += reservation.size;
    this.#drop(name, reservation);
  }

  /** An upload has ended with a content. */
  use(name: string, size: number): void {
    this.#used += size;
    this.giveBack(name);
  }

  /** A content is gone. */
  free(size: number): void {
    this.#used -= size;
  }

  /** The file is gone; what is on its way for it ends by itself. */
  forget(name: string): void {
    const reservation = this.#reservations.get(name);
    if (reservation?.uploads === 0) this.#drop(name, reservation);
  }

  #add(name: string, size: number): Reservation {
    const until = performance.now() + this.#options.reservationMs;
    const reservation = { size, until, uploads: 0 };
    this.#reservations.set(name, reservation);
    this.#reserved += size;
    this.#idle += size;
    return reservation;
  }

  #use(reservation: Reservation): void {
    if (reservation.uploads++ === 0) this.#idle -= reservation.size;
  }

  /** Drops a reservation that no upload uses. */
  #drop(name: string, { size }: Reservation): void {
    this.#reservations.delete(name);
    this.#reserved -= size;
    this.#idle -= size;
  }

  #fits(size: number): boolean {
    this.#dropOld();
    return this.#used + this.#reserved + size <= this.#options.quota &&
      this.#diskHas(size);
  }

  /** Drops the oldest reservations without an upload, if that is enough. */
  #makeRoom(size: number): void {
    const { quota } = this.#options;
    const over = () => this.#used + this.#reserved + size - quota;
    if (over() <= 0) return;
    if (over() > this.#idle) return;
    for (const [name, reservation] of this.#reservations) {
      if (over() <= 0) return;
      if (reservation.uploads === 0) this.#drop(name, reservation);
    }
  }

  /** Announcements must not hold the space for days. */
  #dropOld(): void {
    const now = performance.now();
    for (const [name, reservation] of this.#reservations) {
      if (reservation.until > now) break;
      if (reservation.uploads === 0) this.#drop(name, reservation);
    }
  }

  #diskHas(size: number): boolean {
    const { bavail, bsize } = statfsSync(this.#options.path);
    return bavail * bsize >= this.#options.keepFree + size;
  }
}
