import assert from "node:assert/strict";
import { ask, running, short } from "../testing.ts";
import { clock } from "./clock.ts";
import { disk } from "./disk.ts";
import { diskWear } from "./disk_wear.ts";
import { libraries, PINNED_DENO } from "./libraries.ts";
import { memory } from "./memory.ts";

async function inDirectory(
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a clock that cannot be, and one behind the relay's own files", () =>
  inDirectory(async (directory) => {
    const [right] = await ask(clock, {});
    assert.equal(right.result, "ok");
    const [early] = await ask(clock, { now: new Date("1970-01-01") });
    assert.match(short([early])[0], /problem: .* 1970-01-01 .* cannot be/);
    await Deno.writeTextFile(`${directory}/store`, "");
    const later = new Date("2027-05-01");
    await Deno.utime(`${directory}/store`, later, later);
    const [behind] = await ask(clock, {}, directory);
    assert.match(short([behind])[0], /problem: .* wrote files on 2027-05-01/);
  }));

Deno.test("worn cards and errors on disks", async () => {
  const mmc = "/sys/block/mmcblk0/device";
  const at = (files: Record<string, string>) => ask(diskWear, { files });
  assert.deepEqual(await at({}), []);
  // What an SD card that counts nothing says, and an eMMC of a new board.
  assert.deepEqual(await at({ [`${mmc}/type`]: "SD\n" }), []);
  assert.deepEqual(
    short(
      await at({
        [`${mmc}/type`]: "MMC\n",
        [`${mmc}/life_time`]: "0x01 0x02\n",
        [`${mmc}/pre_eol_info`]: "0x01\n",
        "/sys/fs/ext4/mmcblk0p2/errors_count": "0\n",
      }),
    ),
    [
      "ok: Linux has found no errors on its disks.",
      "ok: The eMMC has used up 20 % of its life at most.",
    ],
  );
  const [errors, worn] = await at({
    [`${mmc}/life_time`]: "0x0b 0x03\n",
    [`${mmc}/pre_eol_info`]: "0x01\n",
    "/sys/fs/ext4/mmcblk0p2/errors_count": "2\n",
  });
  assert.match(short([errors])[0], /^problem: .* 2 errors on mmcblk0p2\./);
  assert.match(short([worn])[0], /^problem: The eMMC is worn out/);
  const [soon] = await at({
    [`${mmc}/life_time`]: "0x09 0x03\n",
    [`${mmc}/pre_eol_info`]: "0x02\n",
  });
  assert.match(short([soon])[0], /^warning: .* more than 80 %/);
});

Deno.test("memory: enough, little, little in a container, programs ended", async () => {
  const info = (availableMb: number) => ({
    "/proc/meminfo": `MemTotal:  1000000 kB
MemFree:  1 kB
MemAvailable:  ${availableMb * 1024} kB
`,
  });
  const first = async (world: Parameters<typeof ask>[1]) =>
    short(await ask(memory, world))[0];
  assert.match(await first({ files: info(500) }), /^ok: 500 MB of 977 MB/);
  assert.match(await first({ files: info(100) }), /^warning: 100 MB/);
  assert.match(await first({ files: info(100), relay: running }), /^ok/);
  assert.match(await first({ files: info(20) }), /^problem: 20 MB/);
  const container = {
    ...info(500),
    "/sys/fs/cgroup/memory.max": String(128 * 1024 ** 2),
    "/sys/fs/cgroup/memory.current": String(28 * 1024 ** 2),
  };
  assert.match(
    await first({ files: container }),
    /^warning: 100 MB of 128 MB are free in this container/,
  );
  const ended = { ...info(500), "/proc/vmstat": "oom_kill 2\npgfault 7\n" };
  const [, killed] = short(await ask(memory, { files: ended }));
  assert.match(killed, /^warning: .* ended 2 programs/);
});

Deno.test("what the program stands on is here", async () => {
  const verdicts = await ask(libraries, {});
  assert.match(short(verdicts)[0], /^ok: OpenSSL 3\./);
  const script = await Deno.readTextFile(
    new URL("../../porchlight", import.meta.url),
  );
  assert.equal(/^version=(.+)$/m.exec(script)?.[1], PINNED_DENO);
});

Deno.test("the disk is measured, and nothing of that stays", () =>
  inDirectory(async (directory) => {
    const verdicts = short(await ask(disk, {}, directory));
    assert.match(verdicts[0], / free\.$/);
    assert.match(verdicts[1], /^(ok|warning|problem): .*write takes/);
    assert.deepEqual([...Deno.readDirSync(directory)], []);
    const mountinfo = (options: string, whole: string) => ({
      "/proc/self/mountinfo":
        `1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / ${directory} ${options} - ext4 /dev/b ${whole}\n`,
    });
    const [switched] = await ask(
      disk,
      { files: mountinfo("rw,noatime", "ro,errors=remount-ro") },
      directory,
    );
    assert.equal(switched.result, "problem");
    assert.match(switched.meaning ?? "", /Linux switched it to read-only/);
    const [mounted] = await ask(
      disk,
      { files: mountinfo("ro", "rw") },
      directory,
    );
    assert.match(mounted.meaning ?? "", /It was mounted so/);
  }));

Deno.test({
  name: "a real disk that is full, and read-only",
  ignore: !await canMount(),
  fn: () =>
    inDirectory(async (directory) => {
      assert(
        await runs(
          "mount",
          "-t",
          "tmpfs",
          "-o",
          "size=80k",
          "tmpfs",
          directory,
        ),
      );
      try {
        const verdicts = short(await ask(disk, {}, directory));
        assert.match(verdicts[0], /^problem: The disk is full/);
        assert.match(verdicts[1], /^problem: Nothing can be written/);
        assert.deepEqual([...Deno.readDirSync(directory)], []);
        assert(await runs("mount", "-o", "remount,ro", directory));
        const files = {
          "/proc/self/mountinfo": await Deno.readTextFile(
            "/proc/self/mountinfo",
          ),
        };
        assert.match(
          short(await ask(disk, { files }, directory))[0],
          /^problem: .* can only be read/,
        );
      } finally {
        await runs("umount", directory);
      }
    }),
});

/** Mounting takes root, and more than a container usually has. */
async function canMount(): Promise<boolean> {
  const directory = await Deno.makeTempDir();
  const could = await runs("mount", "-t", "tmpfs", "tmpfs", directory);
  if (could) await runs("umount", directory);
  await Deno.remove(directory);
  return could;
}

async function runs(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
