import assert from "node:assert/strict";
import { renew, rotateKeys, setShare } from "../../release/repository.ts";
import { fetchReleases } from "../../update/catalogue.ts";
import { UpdateError } from "../../update/mod.ts";
import { trustOf } from "../../update/trust/mod.ts";
import { TARGET, TestRepository } from "./repository.ts";

const DAY_MS = 86_400_000;

/** A relay's view of the repository: what it trusts, and what it remembers. */
async function viewOf(
  repository: TestRepository,
  run: (
    look: () => Promise<string[]>,
  ) => Promise<void>,
): Promise<void> {
  const state = await Deno.makeTempDir();
  try {
    const { url, root } = repository;
    await run(async () => {
      const trust = await trustOf({ url, root });
      const releases = await fetchReleases(trust, { state, target: TARGET });
      return releases.map(({ version }) => version).sort();
    });
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}

function refused(code: UpdateError["code"]) {
  return (error: unknown) => {
    assert(error instanceof UpdateError, String(error));
    assert.equal(error.code, code, `${error.message} ${error.cause}`);
    return true;
  };
}

Deno.test("new versions are seen, older lists and other keys are refused", async (t) => {
  await using repository = await TestRepository.start();
  await repository.release("1.0.0", "one");
  const before = await repository.snapshot();
  await repository.release("1.1.0", "two");
  await viewOf(repository, async (look) => {
    assert.deepEqual(await look(), ["1.0.0", "1.1.0"]);

    await t.step("a server that shows an older list", async () => {
      const now = await repository.snapshot();
      await before();
      await assert.rejects(look(), refused("untrusted"));
      await now();
      assert.deepEqual(await look(), ["1.0.0", "1.1.0"]);
    });

    await t.step("a list that was changed", async () => {
      await repository.release("1.2.0", "three");
      const path = repository.path("tuf/4.targets.json");
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text.replaceAll("1.2.0", "1.2.9"));
      await assert.rejects(look(), refused("untrusted"));
      await Deno.writeTextFile(path, text);
    });

    await t.step("a timestamp by another key", async () => {
      const now = await repository.snapshot();
      await using other = await TestRepository.start();
      await Deno.copyFile(
        other.path("tuf/timestamp.json"),
        repository.path("tuf/timestamp.json"),
      );
      await assert.rejects(look(), refused("untrusted"));
      await now();
    });

    await t.step("nothing of it stays", async () => {
      await renew(repository.place);
      assert.deepEqual(await look(), ["1.0.0", "1.1.0", "1.2.0"]);
    });
  });
});

Deno.test("a server that shows the same for too long is noticed", async () => {
  await using repository = await TestRepository.start();
  const now = new Date(Date.now() - 20 * DAY_MS);
  await renew({ ...repository.place, now });
  await viewOf(repository, async (look) => {
    await assert.rejects(look(), refused("out of date"));
    await renew(repository.place);
    assert.deepEqual(await look(), []);
  });
});

Deno.test("keys are replaced by the root, and the old ones count no more", async () => {
  await using repository = await TestRepository.start();
  await repository.release("1.0.0", "one");
  await viewOf(repository, async (look) => {
    assert.deepEqual(await look(), ["1.0.0"]);
    const old = await repository.snapshot();
    await rotateKeys(repository.place, "targets");
    await rotateKeys(repository.place, "timestamp");
    await rotateKeys(repository.place, "root");
    assert.deepEqual(await look(), ["1.0.0"]);
    await repository.release("1.1.0", "two");
    assert.deepEqual(await look(), ["1.0.0", "1.1.0"]);
    await old();
    await assert.rejects(look(), refused("untrusted"));
  });
});

Deno.test("a root of somebody else is not followed, and no server is told from a bad one", async () => {
  await using repository = await TestRepository.start();
  await using other = await TestRepository.start();
  const state = await Deno.makeTempDir();
  try {
    const trust = await trustOf({ url: repository.url, root: other.root });
    await assert.rejects(
      fetchReleases(trust, { state, target: TARGET }),
      refused("untrusted"),
    );
    // Port 1 of this machine: nobody listens.
    const nowhere = { ...trust, url: "http://127.0.0.1:1" };
    await assert.rejects(
      fetchReleases(nowhere, { state, target: TARGET }),
      refused("unreachable"),
    );
  } finally {
    await Deno.remove(state, { recursive: true });
  }
});

Deno.test("shares of a release are signed, and channels show what all relays take", async () => {
  await using repository = await TestRepository.start();
  await repository.release("1.0.0", "one");
  await repository.release("1.1.0", "two", { percent: 10 });
  const shown = () => Deno.readTextFile(repository.path("stable/VERSION"));
  assert.equal(await shown(), "1.0.0\n");
  await setShare(repository.place, {
    version: "1.1.0",
    channel: "stable",
    percent: 100,
  });
  assert.equal(await shown(), "1.1.0\n");
  // A version is never replaced by another one of the same name.
  await assert.rejects(repository.release("1.1.0", "other"), /other contents/);
});
