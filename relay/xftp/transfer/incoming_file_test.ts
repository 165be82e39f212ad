import assert from "node:assert/strict";
import { IncomingFile, safeFileName } from "./incoming_file.ts";

Deno.test("names from senders stay in the directory", () => {
  const cases: [string, string][] = [
    ["photo.jpg", "photo.jpg"],
    ["../../etc/passwd", "passwd"],
    ["..\\..\\win.ini", "win.ini"],
    ["..", "file"],
    [".", "file"],
    ["", "file"],
    ["a/", "file"],
    [".bashrc", "_bashrc"],
    ["a\u0000b\nc\x1b[31m.txt", "abc[31m.txt"],
    ["gpj.\u202eexe", "gpj.exe"],
    ["con:fusing?", "con_fusing_"],
    ["Übung ✓.pdf", "Übung ✓.pdf"],
  ];
  for (const [name, safe] of cases) assert.equal(safeFileName(name), safe);
});

Deno.test("long names keep their ending", () => {
  const safe = safeFileName(`${"😀".repeat(300)}.tar`);
  assert.ok(new TextEncoder().encode(safe).length <= 223);
  assert.match(safe, /^(😀)+\.tar$/u);
});

Deno.test("a file never takes the place of another one", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/a.txt`, "mine");
    const paths: string[] = [];
    for (const text of ["one", "two"]) {
      const file = await IncomingFile.create(directory, "a.txt");
      await file.write(new TextEncoder().encode(text));
      paths.push(await file.finish());
    }
    assert.deepEqual(paths, [`${directory}/a_1.txt`, `${directory}/a_2.txt`]);
    assert.equal(await Deno.readTextFile(`${directory}/a.txt`), "mine");
    assert.equal(await Deno.readTextFile(`${directory}/a_2.txt`), "two");
    const abandoned = await IncomingFile.create(directory, "b.txt");
    await abandoned.discard();
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
    assert.deepEqual(names.sort(), ["a.txt", "a_1.txt", "a_2.txt"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
