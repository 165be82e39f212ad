import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import type { RouterLink } from "../mapping.ts";
import { EventWatch, readNews } from "./event_watch.ts";

const link: RouterLink = {
  gateway: "127.0.0.1",
  localAddress: "127.0.0.1",
  interfaceName: "lo",
};

/** A device that takes subscriptions, and what it was asked. */
function startDevice() {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const waiting: ((head: string) => void)[] = [];
  const serving = (async () => {
    for await (const tcp of listener) {
      const buffer = new Uint8Array(4096);
      const size = await tcp.read(buffer) ?? 0;
      const head = new TextDecoder().decode(buffer.subarray(0, size));
      await tcp.write(new TextEncoder().encode(
        "HTTP/1.1 200 OK\r\nSID: uuid:7\r\nTIMEOUT: Second-300\r\n" +
          "Content-Length: 0\r\n\r\n",
      ));
      tcp.close();
      asked.push(head);
      waiting.shift()?.(head);
    }
  })();
  return {
    asked,
    url: new URL(`http://127.0.0.1:${listener.addr.port}/evt`),
    next: () => new Promise<string>((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

/** Sends bytes to the relay as a router would; what it answers. */
async function say(callback: URL, text: string): Promise<string> {
  const tcp = await Deno.connect({
    hostname: callback.hostname,
    port: Number(callback.port),
  });
  try {
    await tcp.write(new TextEncoder().encode(text));
    const buffer = new Uint8Array(256);
    const size = await tcp.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, size));
  } catch (error) {
    // It may hang up while being written to.
    if (error instanceof Deno.errors.ConnectionReset) return "";
    if (error instanceof Deno.errors.BrokenPipe) return "";
    throw error;
  } finally {
    tcp.close();
  }
}

Deno.test("news of the router are heard, and nothing else is", async () => {
  await using device = startDevice();
  const end = new AbortController();
  let events = 0;
  const watch = new EventWatch({
    link,
    signal: end.signal,
    onEvent: () => events++,
  });
  const subscribed = device.next();
  watch.follow(device.url);
  watch.follow(device.url);
  const head = await subscribed;
  assert.match(head, /^SUBSCRIBE \/evt HTTP\/1\.1\r\n/);
  assert.match(head, /\r\nNT: upnp:event\r\n/);
  const callback = new URL(/CALLBACK: <(.*)>/.exec(head)?.[1] ?? "");

  const notify = (
    { path = callback.pathname, id = "uuid:7" } = {},
  ) =>
    `NOTIFY ${path} HTTP/1.1\r\nHOST: x\r\nNT: upnp:event\r\n` +
    `NTS: upnp:propchange\r\nSID: ${id}\r\nSEQ: 1\r\n` +
    "Content-Length: 4\r\n\r\nbody";
  assert.match(await say(callback, notify()), /^HTTP\/1.1 200/);
  assert.equal(events, 1);
  assert.match(await say(callback, notify({ path: "/" })), / 412 /);
  assert.match(await say(callback, notify({ id: "uuid:8" })), / 412 /);
  assert.match(await say(callback, "GET / HTTP/1.1\r\n\r\n"), / 412 /);
  assert.equal(await say(callback, "x".repeat(100_000)), "");
  assert.equal(events, 1);

  const left = device.next();
  end.abort();
  assert.match(await left, /^UNSUBSCRIBE [^]*SID: uuid:7\r\n/);
  await watch.ended();
  assert.equal(device.asked.length, 2);
});

Deno.test("others than the router are not heard", async () => {
  await using device = startDevice();
  const end = new AbortController();
  const watch = new EventWatch({
    // The device of the test stands for another one of the network.
    link: { ...link, gateway: "127.0.0.9" },
    signal: end.signal,
    onEvent: () => assert.fail("heard"),
  });
  const subscribed = device.next();
  watch.follow(device.url);
  const head = await subscribed;
  const callback = new URL(/CALLBACK: <(.*)>/.exec(head)?.[1] ?? "");
  const text = `NOTIFY ${callback.pathname} HTTP/1.1\r\nSID: uuid:7\r\n\r\n`;
  assert.equal(await say(callback, text), "");
  end.abort();
  await watch.ended();
});

Deno.test("a watch that ends before it has begun leaves nothing", async () => {
  const end = new AbortController();
  const watch = new EventWatch({ link, signal: end.signal, onEvent() {} });
  watch.follow(new URL("http://127.0.0.1:1/evt"));
  end.abort();
  await watch.ended();
});

Deno.test("news: whatever comes is read or refused", () => {
  const path = "/abc";
  const whole = "NOTIFY /abc HTTP/1.1\r\nsid: uuid:1\r\nSEQ: 3\r\n" +
    "Content-Length: 2\r\n\r\nok";
  assert.deepEqual(readNews(whole, { path }), { id: "uuid:1" });
  assert.equal(readNews(whole.slice(0, -1), { path }), "incomplete");
  assert.equal(readNews(whole, { path: "/abd" }), "malformed");
  const random = new SeededRandom(20261120);
  const bytes = new TextEncoder().encode(whole);
  for (let round = 0; round < 2000; round++) {
    const text = new TextDecoder("latin1").decode(random.mutate(bytes));
    const news = readNews(text, { path });
    if (typeof news === "object") assert.match(news.id, /^[!-~]{1,128}$/);
  }
});
