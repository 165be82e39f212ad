import assert from "node:assert/strict";
import { join } from "node:path";
import { unpackArtifact } from "../../build/artifact.ts";
import { compile } from "../../build/compile.ts";
import { fetchDeno } from "../../build/deno_package.ts";
import { targetNamed } from "../../build/targets.ts";
import { hasProgram } from "../packages.ts";

/** Why no executable can be built here, if so. */
async function cannotBuild(): Promise<boolean> {
  if (Deno.build.os !== "linux") return true;
  for (const program of ["git", "npm", "tar"]) {
    if (!await hasProgram(program)) return true;
  }
  const checkout = new URL("../../.git", import.meta.url);
  if (!await Deno.stat(checkout).then(() => true, () => false)) return true;
  try {
    await fetchDeno(targetNamed(`${Deno.build.arch}-linux`));
    return false;
  } catch (error) {
    console.log(`No executable is built: ${error}`);
    return true;
  }
}

async function run(program: string, env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: ["version"],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

Deno.test({
  name: "the self-extracting executable",
  ignore: await cannotBuild(),
  async fn(t) {
    const directory = await Deno.makeTempDir();
    const target = targetNamed(`${Deno.build.arch}-linux`);
    const options = {
      targets: [target],
      kind: "self-extracting",
      revision: "HEAD",
    } as const;
    try {
      const [artifact] = await compile({
        ...options,
        output: join(directory, "one"),
      });
      const { path } = artifact;

      await t.step("is the same when it is built again", async () => {
        const [again] = await compile({
          ...options,
          output: join(directory, "two"),
        });
        assert.equal(again.sha256, artifact.sha256);
        for (
          const name of [
            "THIRD_PARTY.txt",
            `porchlight-${target.name}.cdx.json`,
          ]
        ) {
          assert.equal(
            await Deno.readTextFile(join(directory, "one", name)),
            await Deno.readTextFile(join(directory, "two", name)),
          );
        }
        await Deno.remove(join(directory, "two"), { recursive: true });
      });

      await t.step("says in its SBOM what is in it", async () => {
        const sbom = JSON.parse(await Deno.readTextFile(`${path}.cdx.json`));
        const names = sbom.components.map(({ name }: { name: string }) => name);
        const expected = [
          target.denoPackage,
          "v8",
          "libsodium",
          "sodium-native",
          "smol-toml",
        ];
        for (const name of expected) assert(names.includes(name), name);
        assert.equal(
          sbom.metadata.component.hashes[0].content,
          artifact.sha256,
        );
      });

      await t.step("unpacks itself once, for this user only", async () => {
        const home = join(directory, "home");
        await Deno.mkdir(home);
        // Two at once: neither sees what the other has half done.
        const both = await Promise.all([
          run(path, { HOME: home }),
          run(path, { HOME: home }),
        ]);
        for (const { code, stdout, stderr } of both) {
          assert.equal(code, 0, stderr);
          assert.match(
            stdout,
            new RegExp(`commit ${artifact.commit.slice(0, 12)}`),
          );
          assert.equal(stderr, "");
        }
        const cache = join(home, ".cache/porchlight");
        const names = [...Deno.readDirSync(cache)].map(({ name }) => name);
        assert.deepEqual(names, [(await unpackArtifact(path))?.id]);
        assert.equal(((await Deno.stat(cache)).mode ?? 0) & 0o777, 0o700);
      });

      await t.step("unpacks beside itself where it was installed", async () => {
        const place = join(directory, "versions/1.0.0");
        await Deno.mkdir(join(place, "unpacked"), { recursive: true });
        const installed = join(place, "porchlight");
        await Deno.link(path, installed);
        await Deno.symlink("versions/1.0.0", join(directory, "current"));
        const link = join(directory, "current/porchlight");
        const { code, stderr } = await run(link, { HOME: "/nonexistent" });
        assert.equal(code, 0, stderr);
        const names = [...Deno.readDirSync(join(place, "unpacked"))];
        assert.deepEqual(names.length, 1);
      });

      await t.step("does not run when it is damaged", async () => {
        const bytes = await Deno.readFile(path);
        bytes[bytes.length - 3_000_000] ^= 1;
        const damaged = join(directory, "damaged");
        await Deno.writeFile(damaged, bytes, { mode: 0o755 });
        const cache = join(directory, "cache");
        const { code, stdout, stderr } = await run(damaged, {
          PORCHLIGHT_CACHE: cache,
          HOME: join(directory, "other"),
          TMPDIR: directory,
        });
        assert.equal(code, 126);
        assert.equal(stdout, "");
        assert.match(stderr, /Cannot unpack itself/);
        assert.deepEqual([...Deno.readDirSync(cache)], []);
      });

      await t.step({
        name: "takes no cache that is somebody else's",
        ignore: Deno.uid() !== 0,
        fn: async () => {
          const cache = join(directory, "stranger");
          await Deno.mkdir(cache);
          await Deno.chown(cache, 12345, 12345);
          const mine = join(directory, "mine");
          const { code } = await run(path, {
            PORCHLIGHT_CACHE: cache,
            XDG_CACHE_HOME: mine,
          });
          assert.equal(code, 0);
          assert.deepEqual([...Deno.readDirSync(cache)], []);
          assert.equal(
            [...Deno.readDirSync(join(mine, "porchlight"))].length,
            1,
          );
        },
      });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
