import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../relay/store/mod.ts";
import { SeededRandom } from "../seeded_random.ts";
import { cutPower, CUTS, pagesInWal } from "./power_cut.ts";

/** A database that is in use, with two rows: "on disk" and "lost". */
function withDatabase(
  test: (parts: { files: string; synced: number }) => void,
): void {
  const files = Deno.makeTempDirSync();
  const path = join(files, STORE_FILE);
  try {
    using database = new DatabaseSync(path);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
      CREATE TABLE rows (name TEXT, filler BLOB);
      PRAGMA wal_checkpoint(TRUNCATE);
      INSERT INTO rows VALUES ('on disk', zeroblob(20000))`);
    const synced = Deno.statSync(`${path}-wal`).size;
    database.exec("INSERT INTO rows VALUES ('lost', zeroblob(20000))");
    test({ files, synced });
  } finally {
    Deno.removeSync(files, { recursive: true });
  }
}

Deno.test("a power cut of each kind keeps what is on disk and loses the rest", () => {
  withDatabase(({ files, synced }) => {
    const parent = Deno.makeTempDirSync();
    const trace = join(parent, "trace");
    Deno.writeTextFileSync(trace, `0\n${synced}\n99`);
    for (const [seed, kind] of [...CUTS, ...CUTS].entries()) {
      const directory = join(parent, `${seed}`);
      Deno.mkdirSync(directory);
      for (const name of [STORE_FILE, `${STORE_FILE}-wal`]) {
        Deno.copyFileSync(join(files, name), join(directory, name));
      }
      const random = new SeededRandom(seed);
      const { unsynced } = cutPower(kind, { directory, trace, random });
      assert(unsynced > 20_000, kind);
      using database = new DatabaseSync(join(directory, STORE_FILE));
      const names = database.prepare("SELECT name FROM rows").all()
        .map((row) => row.name);
      // "Cut short" by nothing would leave it all, but not with these seeds.
      assert.deepEqual(names, ["on disk"], kind);
      const check = database.prepare("PRAGMA integrity_check").get();
      assert.equal(check?.integrity_check, "ok");
    }
    Deno.removeSync(parent, { recursive: true });
  });
});

Deno.test("the pages in a WAL are those of whole transactions", () => {
  withDatabase(({ files, synced }) => {
    const wal = Deno.readFileSync(join(files, `${STORE_FILE}-wal`));
    const { pageSize, pages } = pagesInWal(wal.subarray(0, synced));
    assert.equal(pageSize, 4096);
    // The root of the table, and 20,000 bytes on pages of their own.
    assert(pages.size >= 5 && pages.size <= 7, `${[...pages]}`);
    assert(pagesInWal(wal).pages.size > pages.size);
    const torn = pagesInWal(wal.subarray(0, synced - 1));
    assert.equal(torn.pages.size, 0);
    assert.equal(pagesInWal(new Uint8Array()).pages.size, 0);
  });
});
