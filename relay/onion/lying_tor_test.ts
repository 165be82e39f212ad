/** What listens where tor should be, and is not tor. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { authenticate } from "./authenticate.ts";
import { TorControl } from "./control.ts";
import { TorError } from "./errors.ts";

/** A control port that answers as told; what it heard. */
async function withLiar(
  answer: (line: string) => string | undefined,
  run: (
    connect: (signal?: AbortSignal) => Promise<TorControl>,
  ) => Promise<void>,
): Promise<string[]> {
  const heard: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const tcp of listener) {
      const buffer = new Uint8Array(4096);
      for (;;) {
        const size = await tcp.read(buffer).catch(() => null);
        if (size === null) break;
        const line = new TextDecoder().decode(buffer.subarray(0, size)).trim();
        heard.push(line);
        const reply = answer(line);
        if (reply !== undefined) {
          await tcp.write(new TextEncoder().encode(`${reply}\r\n`));
        }
      }
      tcp.close();
    }
  })();
  const { port } = listener.addr;
  try {
    await run((signal) =>
      TorControl.connect({ hostname: "127.0.0.1", port }, { signal })
    );
  } finally {
    listener.close();
    await serving;
  }
  return heard;
}

function info(auth: string): string {
  return `250-PROTOCOLINFO 1\r\n250-AUTH ${auth}\r\n` +
    '250-VERSION Tor="0.4.8.1"\r\n250 OK';
}

async function refuses(
  control: TorControl,
  options: { mustProve?: boolean } = {},
): Promise<void> {
  await assert.rejects(
    authenticate(control, options),
    (error) => error instanceof TorError && error.code === "not allowed",
  );
}

Deno.test("who asks for no proof is told nothing on a port anybody may have", async () => {
  const heard = await withLiar(
    (line) => line.startsWith("PROTOCOL") ? info("METHODS=NULL") : "250 OK",
    async (connect) => {
      await using control = await connect();
      await refuses(control, { mustProve: true });
    },
  );
  assert.deepEqual(heard, ["PROTOCOLINFO 1"]);
});

Deno.test("a cookie that others know, or no file at all, proves nothing", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const cookie = new Uint8Array(32).fill(7);
    const open = join(directory, "open");
    await Deno.writeFile(open, cookie, { mode: 0o644 });
    const pipe = join(directory, "pipe");
    await new Deno.Command("mkfifo", { args: ["-m", "600", pipe] }).output();
    const paths = [open, pipe, directory, "/dev/zero", join(directory, "none")];
    if (Deno.uid() === 0) {
      const foreign = join(directory, "foreign");
      await Deno.writeFile(foreign, cookie, { mode: 0o600 });
      await Deno.chown(foreign, 54_321, 54_321);
      paths.push(foreign);
    }
    for (const path of paths) {
      const heard = await withLiar(
        (line) => {
          if (line.startsWith("PROTOCOL")) {
            return info(`METHODS=SAFECOOKIE COOKIEFILE="${path}"`);
          }
          const nonce = line.split(" ").at(-1) ?? "";
          const hash = createHmac(
            "sha256",
            "Tor safe cookie authentication server-to-controller hash",
          ).update(cookie).update(nonce, "hex").update(new Uint8Array(32))
            .digest("hex");
          return `250 AUTHCHALLENGE SERVERHASH=${hash} ` +
            `SERVERNONCE=${"00".repeat(32)}`;
        },
        async (connect) => {
          await using control = await connect();
          await refuses(control);
        },
      );
      assert.deepEqual(heard, ["PROTOCOLINFO 1"], path);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("one that never answers does not hold up the end", async () => {
  await withLiar(() => undefined, async (connect) => {
    const end = new AbortController();
    await using control = await connect(end.signal);
    const asking = authenticate(control);
    end.abort();
    await assert.rejects(asking, TorError);
    await assert.rejects(connect(end.signal), TorError);
  });
});
