/**
 * A slow line for a place: passes TCP bytes on, each after a time, whatever
 * their rate. The kernels that tests run on need no `netem` for it.
 * `delay.ts LISTEN-PORT HOST PORT MS` (MS one way: 30 makes a round trip of 60)
 *
 * @module
 */

/** Bytes under way in one direction before the sender has to wait. */
const LIMIT = 64 * 1024 * 1024;

const [port, host, targetPort, ms] = Deno.args;
const listener = Deno.listen({ hostname: "::", port: Number(port) });
console.log("ready");
for await (const near of listener) void join(near);

async function join(near: Deno.TcpConn): Promise<void> {
  try {
    // A handshake takes a round trip.
    await sleep(2 * Number(ms));
    const far = await Deno.connect({
      hostname: host,
      port: Number(targetPort),
    });
    near.setNoDelay();
    far.setNoDelay();
    await Promise.all([carry(near, far), carry(far, near)]);
  } catch {
    near.close();
  }
}

/** Carries bytes one way until their end, then closes that way. */
async function carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const queue: { due: number; bytes: Uint8Array | undefined }[] = [];
  let waiting = 0;
  let wake: (() => void) | undefined;
  const read = async () => {
    for (;;) {
      const buffer = new Uint8Array(65536);
      const length = await from.read(buffer).catch(() => null);
      const bytes = length === null ? undefined : buffer.subarray(0, length);
      queue.push({ due: performance.now() + Number(ms), bytes });
      waiting += length ?? 0;
      wake?.();
      if (bytes === undefined) return;
      while (waiting > LIMIT) await sleep(5);
    }
  };
  const write = async () => {
    for (;;) {
      const next = queue.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => wake = resolve);
        continue;
      }
      const early = next.due - performance.now();
      if (early > 0) await sleep(early);
      if (next.bytes === undefined) return await to.closeWrite();
      waiting -= next.bytes.length;
      for (let sent = 0; sent < next.bytes.length;) {
        sent += await to.write(next.bytes.subarray(sent));
      }
    }
  };
  await Promise.all([read(), write()]).catch(() => {
    // One end is gone: so is the other.
    for (const end of [from, to]) {
      try {
        end.close();
      } catch {
        // Closed by the other direction.
      }
    }
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
