import assert from "node:assert/strict";
import { join } from "node:path";
import { finishRestore, prepareStaging, putIntoPlace } from "./place.ts";
import { withoutOldPlaces } from "./settings_text.ts";

async function tree(directory: string, below = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${below}${name}`;
    if (isDirectory) {
      names.push(...await tree(join(directory, name), `${path}/`));
    } else {
      const text = await Deno.readTextFile(join(directory, name));
      names.push(`${path}=${text}`);
    }
  }
  return names.sort();
}

/** A directory with an old relay, and a new one that is staged. */
async function prepared(): Promise<string> {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(join(directory, "ca.crt"), "old");
  await Deno.writeTextFile(join(directory, "only-old"), "old");
  await Deno.mkdir(join(directory, "files"));
  await Deno.writeTextFile(join(directory, "files", "a"), "old");
  const staging = await prepareStaging(directory);
  await Deno.writeTextFile(join(staging, "ca.crt"), "new");
  await Deno.mkdir(join(staging, "acme"));
  await Deno.writeTextFile(join(staging, "acme", "b"), "new");
  return directory;
}

const DONE = [
  "acme/b=new",
  "before-restore-x/ca.crt=old",
  "before-restore-x/files/a=old",
  "before-restore-x/only-old=old",
  "ca.crt=new",
];

Deno.test("the new relay comes into place, the old one aside", async () => {
  const directory = await prepared();
  const aside = "before-restore-x";
  await putIntoPlace(directory, { aside, keepFiles: false });
  assert.deepEqual(await tree(directory), DONE);
  await finishRestore(directory);
  assert.deepEqual(await tree(directory), DONE);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("contents of files stay where the same relay is restored", async () => {
  const directory = await prepared();
  await putIntoPlace(directory, { aside: "before-restore-x", keepFiles: true });
  assert.ok((await tree(directory)).includes("files/a=old"));
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a power cut at any rename is finished by the next start", async () => {
  for (let steps = 0;; steps++) {
    const directory = await prepared();
    const { rename } = Deno;
    let left = steps;
    Deno.rename = (from, to) => {
      if (left-- === 0) throw new Error("power cut");
      return rename(from, to);
    };
    let isCut = false;
    try {
      await putIntoPlace(directory, {
        aside: "before-restore-x",
        keepFiles: false,
      });
    } catch (error) {
      assert.match(String(error), /power cut/);
      isCut = true;
    } finally {
      Deno.rename = rename;
    }
    await finishRestore(directory);
    const after = await tree(directory);
    // The first two: the name of the old one's place, and the commit.
    if (steps >= 2) assert.deepEqual(after, DONE, `step ${steps}`);
    else assert.ok(after.includes("ca.crt=old"));
    await Deno.remove(directory, { recursive: true });
    if (!isCut) break;
  }
});

Deno.test("settings that name places of the old machine become comments", () => {
  const { text, taken } = withoutOldPlaces(
    '[data]\ndirectory = "/old"\n[tls]\nca = "/x"\nalpn = true\n[log]\nca = 1\n',
  );
  assert.deepEqual(taken, ["data.directory", "tls.ca"]);
  assert.match(text, /\n# directory = "\/old" {2}\(.*\n\[tls\]\n# ca = /);
  assert.ok(text.endsWith("alpn = true\n[log]\nca = 1\n"));
});
