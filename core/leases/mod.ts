/**
 * What a core keeps of its relays.
 *
 * @module
 */

export type { LeaseBook, LeaseRecord, LeaseWish, Standing } from "./lease.ts";
export { type LeaseBookOptions, SqliteLeaseBook } from "./sqlite_lease_book.ts";
