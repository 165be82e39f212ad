import {
  deepStrictEqual,
  notStrictEqual,
  ok,
  strictEqual,
} from "node:assert/strict";
import { join } from "node:path";
import { type LeaseRecord, SqliteLeaseBook } from "./mod.ts";

const relay = (number: number) =>
  Uint8Array.from({ length: 32 }, (_, index) => number * 7 + index * 31);

/** A book in a file that is gone afterwards; opened again with `reopen`. */
async function withBook(
  test: (
    open: (options?: {
      last?: number;
      closed?: boolean;
      invitation?: string;
      today?: () => number;
      onExpired?: (lease: LeaseRecord) => void;
      onChanged?: (lease: LeaseRecord) => void;
    }) => SqliteLeaseBook,
  ) => void | Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test((options = {}) =>
      new SqliteLeaseBook({
        path: join(directory, "leases.db"),
        ports: { first: 20_000, last: options.last ?? 20_009 },
        open: !options.closed,
        invitation: options.invitation,
        onExpired: options.onExpired ?? (() => {}),
        onChanged: options.onChanged,
        today: options.today ?? (() => 20_000),
      })
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function made(lease: LeaseRecord | "full" | "closed"): LeaseRecord {
  if (typeof lease === "string") throw new Error(lease);
  return lease;
}

Deno.test("A lease is as wished, and the same ever after", () =>
  withBook((open) => {
    let lease: LeaseRecord;
    {
      using book = open();
      lease = made(book.make(relay(1), { label: "Kitchen", port: 20_003 }));
      strictEqual(lease.label, "kitchen");
      strictEqual(lease.port, 20_003);
      deepStrictEqual(made(book.make(relay(1), { label: "other" })), lease);
    }
    using book = open();
    deepStrictEqual(book.find(relay(1)), lease);
    deepStrictEqual(book.list(), [lease]);
    strictEqual(book.find(relay(2)), undefined);
  }));

Deno.test("What is taken or cannot be gets something else", () =>
  withBook((open) => {
    using book = open();
    made(book.make(relay(1), { label: "kitchen", port: 20_003 }));
    const second = made(
      book.make(relay(2), { label: "kitchen", port: 20_003 }),
    );
    strictEqual(second.label, "kitchen-2");
    notStrictEqual(second.port, 20_003);
    for (const label of ["www", "a", "-x-", "xn--80ak6aa92e", "a b", "ä"]) {
      const lease = made(book.make(relay(label.length + 10), { label }));
      ok(/^[a-z\d-]{3,40}$/.test(lease.label), lease.label);
      notStrictEqual(lease.label, label);
    }
    const outside = made(book.make(relay(50), { port: 22 }));
    ok(outside.port >= 20_000 && outside.port <= 20_009);
  }));

Deno.test("When all ports are taken there is none", () =>
  withBook((open) => {
    using book = open();
    const ports = new Set<number>();
    for (let count = 0; count < 10; count++) {
      ports.add(made(book.make(relay(count), {})).port);
    }
    strictEqual(ports.size, 10);
    strictEqual(book.make(relay(99), {}), "full");
  }));

Deno.test("A year of absence ends a lease when a new one is made", () =>
  withBook((open) => {
    let today = 20_000;
    const expired: LeaseRecord[] = [];
    using book = open({
      last: 20_001,
      today: () => today,
      onExpired: (lease) => expired.push(lease),
    });
    const away = made(book.make(relay(1), { label: "away" }));
    made(book.make(relay(2), {}));
    today += 365;
    book.seen([relay(2)]);
    strictEqual(book.make(relay(3), {}), "full");
    today += 1;
    const next = made(book.make(relay(3), { label: "away" }));
    deepStrictEqual(expired, [away]);
    strictEqual(next.label, "away");
    strictEqual(next.port, away.port);
    strictEqual(book.find(relay(1)), undefined);
  }));

Deno.test("Being seen is kept, and makes a relay known after a month", () =>
  withBook((open) => {
    let today = 20_000;
    {
      using book = open({ today: () => today });
      made(book.make(relay(1), {}));
      strictEqual(book.find(relay(1))?.standing, "new");
      today += 30;
      book.seen([relay(1)]);
    }
    using book = open({ today: () => today });
    strictEqual(book.find(relay(1))?.standing, "known");
    strictEqual(book.find(relay(1))?.seenDay, 20_030);
  }));

Deno.test("A core that is closed takes who has an invitation", () =>
  withBook((open) => {
    {
      using book = open({ closed: true });
      strictEqual(book.make(relay(1), { invitation: "" }), "closed");
    }
    using book = open({ closed: true, invitation: "garden" });
    strictEqual(book.make(relay(1), {}), "closed");
    strictEqual(book.make(relay(1), { invitation: "gardens" }), "closed");
    made(book.make(relay(1), { invitation: "garden" }));
  }));

Deno.test("Who is banned stays so, and keeps the lease", () =>
  withBook((open) => {
    let today = 20_000;
    {
      using book = open({ today: () => today });
      made(book.make(relay(1), { label: "rogue" }));
      ok(book.ban("rogue", true));
      ok(!book.ban("nobody", true));
    }
    today += 1000;
    using book = open({ today: () => today });
    made(book.make(relay(2), {}));
    strictEqual(book.find(relay(1))?.standing, "banned");
    ok(book.ban("rogue", false));
    strictEqual(book.find(relay(1))?.standing, "known");
  }));

Deno.test("Who stays becomes known, and that is told once", () =>
  withBook((open) => {
    let today = 20_000;
    const changed: string[] = [];
    using book = open({
      today: () => today,
      onChanged: ({ label, standing }) => changed.push(`${label} ${standing}`),
    });
    made(book.make(relay(1), { label: "attic" }));
    made(book.make(relay(2), { label: "cellar" }));
    for (let day = 1; day <= 31; day++) {
      today++;
      book.seen([relay(1), relay(3)]);
    }
    deepStrictEqual(changed, ["attic known"]);
    ok(book.ban("attic", true));
    ok(book.ban("attic", false));
    deepStrictEqual(changed.slice(1), ["attic banned", "attic known"]);
    strictEqual(book.find(relay(1))?.seenDay, today);
    strictEqual(book.find(relay(2))?.seenDay, 20_000);
  }));
