import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSqliteStore, type Store, STORE_FILE } from "./mod.ts";
import { cutPower } from "./sync_trace.ts";
import { bodyOf } from "./testing/records.ts";
import { RECIPIENT_ID, ROUND } from "./testing/writing_child.ts";

const CHILD = fileURLToPath(
  new URL("./testing/writing_child.ts", import.meta.url),
);

/**
 * Runs the child until it has acknowledged `rounds` rounds, kills it, and
 * returns the first `seq` of every acknowledged round.
 */
async function writeUntilKilled(
  options: { dir: string; trace: string; fsyncDelay: number; rounds: number },
): Promise<number[]> {
  const { dir, trace, fsyncDelay, rounds } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", CHILD, dir, trace, `${fsyncDelay}`],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  let killed = false;
  // What the child wrote before it died is still read to the end.
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!killed && text.split("\n").length > rounds) {
      killed = true;
      child.kill("SIGKILL");
    }
  }
  const { signal } = await child.status;
  assert.equal(signal, "SIGKILL");
  return text.split("\n").slice(0, -1).map(Number);
}

/** Every acknowledged round is there, and no round in part. */
function checkRounds(store: Store, rounds: readonly number[]): void {
  const queue = store.findQueue("recipient", RECIPIENT_ID);
  assert(queue);
  const stored = new Set(store.messages(queue.key).map(({ seq }) => seq));
  for (const [i, first] of rounds.entries()) {
    for (let seq = first; seq < first + ROUND; seq++) {
      const body = store.messageBody(seq);
      const mayBeDeleted = seq === first + 1;
      if (mayBeDeleted && i < rounds.length - 1) {
        assert(!stored.has(seq) && body === undefined);
      } else if (!mayBeDeleted || body !== undefined) {
        assert.deepEqual(body, bodyOf(seq));
        assert(stored.has(seq));
      }
    }
  }
  // At most one round was on its way: it is there as a whole or not at all.
  const last = rounds[rounds.length - 1];
  const rest = [...stored].filter((seq) => seq >= last + ROUND);
  assert(rest.length === 0 || rest.length === ROUND);
  assert.equal(stored.has(last + 1), rest.length === 0);
}

Deno.test("what was acknowledged survives a killed process", async () => {
  const parent = Deno.makeTempDirSync();
  const [dir, trace] = [join(parent, "store"), join(parent, "trace")];
  for (const rounds of [1, 30, 90]) {
    const acknowledged = await writeUntilKilled({
      dir,
      trace,
      fsyncDelay: 0,
      rounds,
    });
    assert(acknowledged.length >= rounds);
    await using store = await openSqliteStore({ dir });
    checkRounds(store, acknowledged);
  }
  Deno.removeSync(parent, { recursive: true });
});

Deno.test("what was acknowledged survives a power cut", async () => {
  const parent = Deno.makeTempDirSync();
  const [dir, trace] = [join(parent, "store"), join(parent, "trace")];
  const wal = join(dir, `${STORE_FILE}-wal`);
  let cut = 0;
  for (const rounds of [2, 9, 25]) {
    const acknowledged = await writeUntilKilled({
      dir,
      trace,
      fsyncDelay: 15,
      rounds,
    });
    cut += cutPower({ wal, trace }).lost;
    await using store = await openSqliteStore({ dir });
    checkRounds(store, acknowledged);
  }
  // The child spends its time waiting for its fsync: something was cut off.
  assert(cut > 0);
  Deno.removeSync(parent, { recursive: true });
});

Deno.test("the power cut of the tests loses what was not fsynced", async () => {
  const parent = Deno.makeTempDirSync();
  const [dir, trace] = [join(parent, "store"), join(parent, "trace")];
  const wal = join(dir, `${STORE_FILE}-wal`);
  const [first] = await writeUntilKilled({
    dir,
    trace,
    fsyncDelay: 5,
    rounds: 1,
  });
  Deno.writeTextFileSync(trace, "0\n");
  assert(cutPower({ wal, trace }).lost > 0);
  await using store = await openSqliteStore({ dir });
  assert.equal(store.messageBody(first), undefined);
  await store.stop();
  Deno.removeSync(parent, { recursive: true });
});
