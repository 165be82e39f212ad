/** The server name in a ClientHello, whole, in parts, and broken. */
import assert from "node:assert/strict";
import { hasServerName } from "./client_hello.ts";
import { dialTls } from "./mod.ts";

async function record(serverName?: string): Promise<Uint8Array> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const options = { serverName, alpn: ["smp/1", "xftp/1"] };
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
    assert.equal(hasServerName(hello), name !== undefined);
    for (let length = 1; length < hello.length; length++) {
      assert.equal(hasServerName(hello.subarray(0, length)), "partial");
    }
  }
});

Deno.test("what is no ClientHello has no server name", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(2000));
  noise[0] = 23;
  assert.equal(hasServerName(noise), false);
  assert.equal(hasServerName(new Uint8Array(0)), false);
  const hello = await record("relay.example");
  // Any length inside may be wrong: it says something, and in time.
  for (let at = 5; at < hello.length; at++) {
    const broken = hello.slice();
    broken[at] ^= 0xff;
    assert.equal(typeof hasServerName(broken), "boolean");
  }
});
