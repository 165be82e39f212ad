import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { DiskRoom } from "./disk_room.ts";
import { openSqliteStore } from "./mod.ts";
import { addQueue } from "./testing/records.ts";

Deno.test("room inside the database counts for half of the reserve", () => {
  const dir = Deno.makeTempDirSync();
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  const hasRoom = (reserveBytes: number, inside: number) =>
    new DiskRoom({
      path: join(dir, "relay.db"),
      reserveBytes,
      freeInside: () => inside,
    }).afterWriting(0);
  assert(hasRoom(free / 2, 0));
  assert(!hasRoom(free * 1.5, 0));
  assert(!hasRoom(free * 1.5, free * 0.7));
  assert(hasRoom(free * 1.5, free * 0.8));
  assert(!hasRoom(free * 3, free * 3));
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("a store without room says so, and still writes", async () => {
  const dir = Deno.makeTempDirSync();
  {
    await using store = await openSqliteStore({ dir });
    assert(store.hasRoom);
  }
  {
    const reserveBytes = Number.MAX_SAFE_INTEGER;
    await using store = await openSqliteStore({ dir, reserveBytes });
    assert(!store.hasRoom);
    const { record } = addQueue(store);
    await store.flush();
    assert(store.findQueue("sender", record.senderId));
  }
  Deno.removeSync(dir, { recursive: true });
});
