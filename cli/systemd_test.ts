import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { systemdNotifier } from "./systemd.ts";
import { commandLine, inDirectory, RunningCommand } from "./testing.ts";

const ignore = Deno.build.os !== "linux";

/** systemd's end: a datagram socket, with a name in the file system or abstract. */
class Receiver implements Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    // Does not hold up the event loop, for the relay's process is a child.
    recv: {
      parameters: ["i32", "buffer", "usize", "i32"],
      result: "isize",
      nonblocking: true,
    },
    close: { parameters: ["i32"], result: "i32" },
  });
  readonly #fd = this.#libc.symbols.socket(1, 2, 0);

  constructor(name: string) {
    const path = new TextEncoder().encode(name.replace(/^@/, "\0"));
    const address = new Uint8Array([
      1,
      0,
      ...path,
      ...(name.startsWith("@") ? [] : [0]),
    ]);
    assert.equal(
      this.#libc.symbols.bind(this.#fd, address, address.length),
      0,
      "bind",
    );
  }

  async receive(): Promise<string> {
    const bytes = new Uint8Array(1000);
    const size = await this.#libc.symbols.recv(this.#fd, bytes, 1000n, 0);
    return new TextDecoder().decode(bytes.subarray(0, Number(size)));
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#fd);
    this.#libc.close();
  }
}

Deno.test({
  name: "systemd hears that the relay is ready, alive and stopping",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      const socket = join(directory, "notify");
      using receiver = new Receiver(socket);
      const relay = new RunningCommand(
        commandLine("start", "--data", directory, "--set", "listen.ports=0"),
        { env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "100000" } },
      );
      try {
        assert.equal(await receiver.receive(), "READY=1\n");
        assert.equal(await receiver.receive(), "WATCHDOG=1\n");
        assert.equal(await receiver.receive(), "WATCHDOG=1\n");
      } finally {
        assert.equal((await relay.stop()).code, 0, relay.stderr);
      }
      let last = await receiver.receive();
      while (last === "WATCHDOG=1\n") last = await receiver.receive();
      assert.equal(last, "STOPPING=1\n");
    }),
});

Deno.test({
  name: "an abstract socket is notified as well",
  ignore,
  async fn() {
    const socket = `@porchlight-${randomUUID()}`;
    using receiver = new Receiver(socket);
    const { notify, watchdogMs } = systemdNotifier({ NOTIFY_SOCKET: socket });
    notify("READY=1");
    assert.equal(await receiver.receive(), "READY=1\n");
    assert.equal(watchdogMs, undefined);
  },
});

Deno.test({
  name: "the watchdog beats at half its limit, for this process only",
  ignore,
  fn() {
    const env = { NOTIFY_SOCKET: "/nowhere", WATCHDOG_USEC: "30000000" };
    const watchdog = (more: Record<string, string>) =>
      systemdNotifier({ ...env, ...more }).watchdogMs;
    assert.equal(watchdog({}), 15_000);
    assert.equal(watchdog({ WATCHDOG_PID: String(Deno.pid) }), 15_000);
    assert.equal(watchdog({ WATCHDOG_PID: "1" }), undefined);
    assert.equal(watchdog({ WATCHDOG_USEC: "nonsense" }), undefined);
    assert.equal(systemdNotifier({}).watchdogMs, undefined);
  },
});

Deno.test("nobody there, or a name that is none, does no harm", () => {
  for (
    const socket of ["/nowhere/notify", "vsock:2:1", `/${"x".repeat(200)}`]
  ) systemdNotifier({ NOTIFY_SOCKET: socket }).notify("READY=1");
});
