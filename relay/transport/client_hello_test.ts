/** What a ClientHello says, whole, in parts, and broken. */
import assert from "node:assert/strict";
import { readClientHello } from "./client_hello.ts";
import { dialTls } from "./mod.ts";

async function record(
  serverName?: string,
  alpn: readonly string[] = ["smp/1", "xftp/1"],
): Promise<Uint8Array> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const options = { serverName, alpn };
  const dialing = dialTls("127.0.0.1", listener.addr.port, options)
    .catch(() => {});
  const tcp = await listener.accept();
  const buffer = new Uint8Array(4096);
  const count = await tcp.read(buffer) ?? 0;
  tcp.close();
  listener.close();
  await dialing;
  return buffer.slice(0, count);
}

Deno.test("a server name is seen once its record is complete", async () => {
  for (const name of [undefined, "relay.example"]) {
    const hello = await record(name);
    assert.deepEqual(readClientHello(hello), {
      named: name !== undefined,
      protocol: undefined,
    });
    for (let length = 1; length < hello.length; length++) {
      assert.equal(readClientHello(hello.subarray(0, length)), "partial");
    }
  }
});

Deno.test("a protocol counts where it is the only one", async () => {
  const hello = await record("relay.example", ["acme-tls/1"]);
  assert.deepEqual(readClientHello(hello), {
    named: true,
    protocol: "acme-tls/1",
  });
});

Deno.test("what is no ClientHello says nothing", async () => {
  const nothing = { named: false, protocol: undefined };
  const noise = crypto.getRandomValues(new Uint8Array(2000));
  noise[0] = 23;
  assert.deepEqual(readClientHello(noise), nothing);
  assert.deepEqual(readClientHello(new Uint8Array(0)), nothing);
  // Longer than records can be: nothing is waited for.
  const long = Uint8Array.of(22, 3, 1, 0x40, 1, 1);
  assert.deepEqual(readClientHello(long), nothing);
  assert.equal(readClientHello(long.with(4, 0)), "partial");
  const hello = await record("relay.example", ["acme-tls/1"]);
  // Any length inside may be wrong: it says something, and in time.
  for (let at = 5; at < hello.length; at++) {
    const broken = hello.slice();
    broken[at] ^= 0xff;
    assert.notEqual(readClientHello(broken), "partial");
  }
});
