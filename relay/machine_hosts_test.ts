import assert from "node:assert/strict";
import { machineHosts } from "./machine_hosts.ts";

Deno.test("this machine's useful addresses come first, and no useless ones", () => {
  const v4 = (name: string, address: string) =>
    ({ name, address, family: "IPv4" }) as const;
  const v6 = (name: string, address: string) =>
    ({ name, address, family: "IPv6" }) as const;
  assert.deepEqual(
    machineHosts([
      v4("lo", "127.0.0.1"),
      v6("lo", "::1"),
      v4("docker0", "172.17.0.1"),
      v6("eth0", "fe80::1"),
      v6("eth0", "fd00::1"),
      v6("eth0", "2001:db8::1"),
      v6("eth0", "2001:db8::2"),
      v4("eth0", "192.168.1.7"),
      v4("wlan0", "169.254.3.4"),
      v4("wlan0", "192.168.1.8"),
    ]),
    ["192.168.1.7", "192.168.1.8", "2001:db8::1"],
  );
  assert.deepEqual(machineHosts([v4("lo", "127.0.0.1")]), ["localhost"]);
  assert(machineHosts().length > 0);
});
