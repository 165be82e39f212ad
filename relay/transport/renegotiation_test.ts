/** Peers that make TLS itself answer, and do not read the answers. */
import assert from "node:assert/strict";
import { TlsError, wrapTls } from "./mod.ts";
import { makeCredentials } from "./testing.ts";

Deno.test("answers of TLS that nobody takes are bounded too", async () => {
  const credentials = await makeCredentials("ED25519");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const child = new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const tcp = await listener.accept();
  const output: { stuck?: PromiseWithResolvers<number> } = {};
  const connection = await wrapTls(
    {
      read: (buffer) => tcp.read(buffer),
      write: (bytes) => output.stuck?.promise ?? tcp.write(bytes),
      close() {
        tcp.close();
        output.stuck?.reject(new Error("closed"));
      },
    },
    "server",
    { credentials, maxBuffered: 16 },
  );
  output.stuck = Promise.withResolvers();
  const reading = connection.read();
  // It asks to renegotiate, and is told with an alert that it may not.
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode("R\n"));
  assert.equal(await reading, undefined);
  const { reason } = connection.closed;
  assert.ok(reason instanceof TlsError && reason.kind === "timeout");
  await stdin.close().catch(() => {});
  await child.status;
});
