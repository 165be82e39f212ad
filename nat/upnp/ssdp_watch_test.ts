import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { decodeSsdp, type SsdpMessage } from "./ssdp_message.ts";
import { NoticeFilter, type RouterNotice, watchSsdp } from "./ssdp_watch.ts";
import { loopback } from "./testing/fake_router.ts";

function datagram(
  options: {
    readonly kind?: string;
    readonly boot?: number;
    readonly location?: string;
    readonly target?: string;
  } = {},
): Uint8Array {
  const {
    kind = "alive",
    boot,
    location = "http://127.0.0.1:5000/a.xml",
    target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  } = options;
  return new TextEncoder().encode(
    `NOTIFY * HTTP/1.1\r\nNT: ${target}\r\nNTS: ssdp:${kind}\r\n` +
      (kind === "byebye" ? "" : `LOCATION: ${location}\r\n`) +
      (boot === undefined ? "" : `BOOTID.UPNP.ORG: ${boot}\r\n`) + "\r\n",
  );
}

function message(options: Parameters<typeof datagram>[0] = {}): SsdpMessage {
  const decoded = decodeSsdp(datagram(options));
  assert.ok(decoded);
  return decoded;
}

Deno.test("what a router repeats is one notice", () => {
  let now = 0;
  const filter = new NoticeFilter(() => now);
  assert.deepEqual(filter.take(message({ boot: 1 })), {
    kind: "alive",
    changed: false,
  });
  assert.equal(filter.take(message({ boot: 1 })), undefined);
  now += 10_000;
  assert.deepEqual(filter.take(message({ boot: 1 })), {
    kind: "alive",
    changed: false,
  });
});

Deno.test("a new start, a new place and a return are changes", () => {
  const filter = new NoticeFilter(() => 0);
  const changed = { kind: "alive", changed: true };
  filter.take(message({ boot: 1 }));
  assert.deepEqual(filter.take(message({ boot: 2 })), changed);
  assert.equal(filter.take(message({ boot: 2 })), undefined);
  const moved = { boot: 2, location: "http://127.0.0.1:5001/a.xml" };
  assert.deepEqual(filter.take(message(moved)), changed);
  assert.deepEqual(filter.take(message({ kind: "byebye" })), {
    kind: "gone",
    changed: true,
  });
  assert.equal(filter.take(message({ kind: "byebye" })), undefined);
  assert.deepEqual(filter.take(message(moved)), changed);
});

Deno.test("the router's other services are not listened to", () => {
  const filter = new NoticeFilter(() => 0);
  const target = "urn:schemas-upnp-org:device:MediaServer:1";
  assert.equal(filter.take(message({ target })), undefined);
  assert.equal(filter.take(message({ target, kind: "byebye" })), undefined);
});

Deno.test("only the router is heard, until the end", async () => {
  const free = createSocket("udp4");
  await new Promise<void>((resolve) =>
    free.bind({ port: 0, address: "127.0.0.1" }, resolve)
  );
  const { port } = free.address();
  await new Promise<void>((resolve) => free.close(resolve));

  const stop = new AbortController();
  const notices: RouterNotice[] = [];
  const heard = Promise.withResolvers<void>();
  const watching = watchSsdp({
    link: loopback,
    signal: stop.signal,
    port,
    onAlive(notice) {
      notices.push(notice);
      if (notices.length === 2) heard.resolve();
    },
  });
  const other = createSocket("udp4");
  const router = createSocket("udp4");
  await new Promise<void>((resolve) =>
    other.bind({ port: 0, address: "127.0.0.2" }, resolve)
  );
  await new Promise<void>((resolve) =>
    router.bind({ port: 0, address: "127.0.0.1" }, resolve)
  );
  // The watcher's socket opens meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 50));
  other.send(datagram({ boot: 9 }), port, "127.0.0.1");
  other.send(datagram({ kind: "byebye" }), port, "127.0.0.1");
  router.send(
    datagram({ boot: 9, location: "http://127.0.0.3/" }),
    port,
    "127.0.0.1",
  );
  router.send(datagram({ boot: 1 }), port, "127.0.0.1");
  router.send(datagram({ boot: 1 }), port, "127.0.0.1");
  router.send(datagram({ boot: 2 }), port, "127.0.0.1");
  await heard.promise;
  assert.deepEqual(notices, [
    { kind: "alive", changed: false },
    { kind: "alive", changed: true },
  ]);
  stop.abort();
  await watching;
  for (const socket of [other, router]) {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
  await watchSsdp({ link: loopback, signal: stop.signal, onAlive() {} });
});
