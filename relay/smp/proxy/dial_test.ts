import assert from "node:assert/strict";
import { chooseHost, dialRelay } from "./dial.ts";
import { DestinationError } from "./destination_error.ts";
import type { DialOptions } from "./options.ts";

const socksProxy = { hostname: "127.0.0.1", port: 1 };
const hosts = ["relay.example.org", "abc.onion", "192.0.2.1"];

Deno.test("the host of several, as the reference chooses it", () => {
  const choose = (
    hostMode: "public" | "onion",
    options: { requiredHostMode?: boolean; socks?: boolean } = {},
    list = hosts,
  ) => {
    try {
      return chooseHost(list, {
        hostMode,
        requiredHostMode: options.requiredHostMode ?? false,
        socksProxy: options.socks ? socksProxy : undefined,
      });
    } catch (error) {
      assert.ok(error instanceof DestinationError);
      return error.broker.type;
    }
  };
  const onions = ["abc.onion", "def.onion"];
  const required = { requiredHostMode: true };
  assert.equal(choose("public"), "relay.example.org");
  assert.equal(choose("public", {}, ["abc.onion", "b.org"]), "b.org");
  assert.equal(choose("public", {}, onions), "abc.onion");
  assert.equal(choose("public", required, onions), "HOST");
  assert.equal(choose("onion", { socks: true }), "abc.onion");
  assert.equal(choose("onion", { socks: true }, ["b.org"]), "b.org");
  assert.equal(
    choose("onion", { ...required, socks: true }, ["b.org"]),
    "HOST",
  );
  // Without a SOCKS5 proxy there is no way to onion hosts.
  assert.equal(choose("onion"), "relay.example.org");
});

Deno.test("hosts that are never connected to", async () => {
  const options: DialOptions = {
    hostMode: "public",
    requiredHostMode: false,
    socksMode: "always",
    allowLocal: false,
  };
  const dial = async (host: string, changes: Partial<DialOptions> = {}) => {
    const relay = {
      hosts: [host],
      port: "1",
      fingerprint: new Uint8Array(32),
    };
    const parameters = {
      signal: AbortSignal.timeout(10_000),
      isolation: "test",
      maxBuffered: 1000,
    };
    try {
      await dialRelay(relay, { ...options, ...changes }, parameters);
    } catch (error) {
      assert.ok(error instanceof Error);
      return error instanceof DestinationError ? error.broker.type : error.name;
    }
    return "connected";
  };
  // Nothing listens on any port 1 here: who tries gets another error.
  for (
    const host of [
      "127.0.0.1",
      "192.168.1.1",
      "::1",
      "::ffff:127.0.0.1",
      "localhost",
      "abc.onion",
      "ABC.ONION",
      "abc.onion.",
    ]
  ) assert.equal(await dial(host), "HOST", host);
  assert.equal(await dial("127.0.0.1", { allowLocal: true }), "TlsError");
  assert.equal(await dial("localhost", { allowLocal: true }), "TlsError");
  // Names that the SOCKS5 proxy would resolve in its own network.
  for (const host of ["localhost", "printer.local", "10.0.0.1"]) {
    assert.equal(await dial(host, { socksProxy }), "HOST", host);
  }
  assert.equal(await dial("abc.onion", { socksProxy }), "SocksError");
});
