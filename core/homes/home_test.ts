import { ok, strictEqual } from "node:assert/strict";
import { Link, type MuxStream } from "../../tunnel/mux/mod.ts";
import { connectionPair } from "../../tunnel/mux/testing.ts";
import { VISITOR_SIZE } from "../../tunnel/protocol/mod.ts";
import { NameTable } from "../names/mod.ts";
import { Home } from "./home.ts";
import { Pseudonyms } from "./pseudonyms.ts";

/** A port that nothing uses at the moment. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("a visitor who comes while the link is busy is carried all the same", async () => {
  const port = freePort();
  await using home = new Home({
    lease: {
      fingerprint: new Uint8Array(32),
      label: "kitchen",
      port,
      standing: "known",
      sinceDay: 0,
      seenDay: 0,
    },
    core: { a: ["198.51.100.1"], aaaa: [] },
    names: new NameTable(),
    pseudonyms: new Pseudonyms(),
    rateOf: () => 1e9,
    maxVisitors: 100,
    callBack: () => Promise.resolve("unreachable"),
  });
  await using pair = await connectionPair();
  const link = new Link(pair.server, { role: "server" });
  home.add({
    link,
    source: "127.0.0.1",
    family: 4,
    instance: "one",
    dismiss: () => {},
  });
  // Until the home's TCP takes nothing more and streams wait for their turn.
  const rest: Promise<unknown>[] = [];
  while (pair.server.buffered <= 256 * 1024 && rest.length < 500) {
    const stream = link.openStream();
    rest.push(stream.write(new Uint8Array(256 * 1024)).catch(() => {}));
    await new Promise((resolve) => setTimeout(resolve));
  }
  ok(pair.server.buffered > 256 * 1024);

  using visitor = await Deno.connect({ hostname: "127.0.0.1", port });
  await visitor.write(new TextEncoder().encode("hello"));
  while (home.visitors === 0) await new Promise((r) => setTimeout(r, 5));
  await new Promise((resolve) => setTimeout(resolve, 100));
  strictEqual(home.visitors, 1);

  const streams: MuxStream[] = [];
  const reading = new Link(pair.client, {
    role: "client",
    onStream: (stream) => streams.push(stream),
  });
  await Promise.all(rest);
  while (streams.length <= rest.length) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const bytes = new Uint8Array(VISITOR_SIZE + 5);
  for (let at = 0; at < bytes.length;) {
    const size = await streams[rest.length].read(bytes.subarray(at));
    ok(size !== null);
    at += size;
  }
  const said = new TextDecoder().decode(bytes.subarray(VISITOR_SIZE));
  strictEqual(said, "hello");
  reading.abort();
  link.abort();
  await Promise.all([reading.ended, link.ended]);
});
