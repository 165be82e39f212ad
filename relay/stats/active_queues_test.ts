import assert from "node:assert/strict";
import { ActiveQueues } from "./active_queues.ts";

const time = (iso: string) => Date.parse(`${iso}Z`);

function used(count: number): ActiveQueues {
  const queues = new ActiveQueues();
  for (let n = 0; n < count; n++) {
    queues.add(new Uint8Array(24).fill(n + 1));
  }
  return queues;
}

Deno.test("a day ends each time, a week on Monday, a month on its first", () => {
  const queues = used(5);
  // 16 November 2026 is a Monday.
  assert.deepEqual(
    queues.end({
      from: time("2026-11-16T00:00"),
      now: time("2026-11-17T00:00"),
    }),
    { day: 5, week: undefined, month: undefined },
  );
  assert.deepEqual(queues.estimates, { day: 0, week: 5, month: 5 });
  queues.add(new Uint8Array(24).fill(1));
  queues.add(new Uint8Array(24).fill(99));
  assert.deepEqual(queues.estimates, { day: 2, week: 6, month: 6 });
  assert.deepEqual(
    queues.end({
      from: time("2026-11-22T00:00"),
      now: time("2026-11-23T00:00"),
    }),
    { day: 2, week: 6, month: undefined },
  );
  assert.deepEqual(
    queues.end({
      from: time("2026-11-30T00:00"),
      now: time("2026-12-01T00:00"),
    }),
    { day: 0, week: undefined, month: 6 },
  );
  assert.deepEqual(queues.estimates, { day: 0, week: 0, month: 0 });
});

Deno.test("after a pause all that was over ends", () => {
  assert.deepEqual(
    used(3).end({
      from: time("2026-01-01T00:00"),
      now: time("2027-01-01T00:00"),
    }),
    { day: 3, week: 3, month: 3 },
  );
});

Deno.test("a backup counts on, and has no ID in it", () => {
  const queues = new ActiveQueues();
  const id = crypto.getRandomValues(new Uint8Array(24));
  queues.add(id);
  const text = JSON.stringify(queues.backup());
  for (const form of [id.toBase64(), id.toHex()]) {
    assert(!text.includes(form.slice(0, 8)));
  }
  const restored = new ActiveQueues();
  assert(restored.restore(JSON.parse(text)));
  restored.add(id);
  assert.deepEqual(restored.estimates, { day: 1, week: 1, month: 1 });
  const backup = queues.backup();
  for (
    const wrong of [undefined, null, [], {}, { ...backup, salt: [1] }, {
      ...backup,
      week: 7,
    }]
  ) {
    assert(!new ActiveQueues().restore(wrong));
  }
});
