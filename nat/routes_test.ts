import assert from "node:assert/strict";
import {
  parseIpRouteJson,
  parseIpv4Routes,
  parseIpv6Addresses,
  parseIpv6Routes,
  readDefaultRoutes,
} from "./routes.ts";

const IPV4 = `
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t01B2A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
eth0\t00B2A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
tun0\t00000000\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0
`;

const IPV6 = `
26000001000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001       e0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003       e0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

Deno.test("IPv4 default routes over a router, best first", () => {
  assert.deepEqual(parseIpv4Routes(IPV4), [
    {
      family: 4,
      gateway: "192.168.178.1",
      interfaceName: "eth0",
      metric: 100,
    },
    { family: 4, gateway: "192.168.0.1", interfaceName: "wlan0", metric: 600 },
  ]);
});

Deno.test("IPv6 default routes: rejecting ones are none", () => {
  assert.deepEqual(parseIpv6Routes(IPV6), [
    { family: 6, gateway: "fe80::1", interfaceName: "e0", metric: 1024 },
  ]);
});

Deno.test("routes as ip prints them", () => {
  const text =
    `[{"dst":"default","gateway":"10.9.0.2","dev":"e0","flags":[]},{"dst":"default","gateway":"fe80::1","dev":"e0","metric":1024},{"dst":"10.0.0.0/8","gateway":"10.9.0.3","dev":"e0"},7,null]`;
  assert.deepEqual(parseIpRouteJson(text, 4), [
    { family: 4, gateway: "10.9.0.2", interfaceName: "e0", metric: 0 },
  ]);
  assert.deepEqual(parseIpRouteJson(text, 6), [
    { family: 6, gateway: "fe80::1", interfaceName: "e0", metric: 1024 },
  ]);
  assert.deepEqual(parseIpRouteJson("not JSON", 4), []);
  assert.deepEqual(parseIpRouteJson("{}", 4), []);
});

Deno.test("IPv6 addresses: those that pass are marked", () => {
  assert.deepEqual(
    parseIpv6Addresses(`
2a0104f8000000010000000000000002 02 40 00 80     eth0
2a0104f800000001a1b2c3d4e5f60708 02 40 00 01     eth0
2a0104f8000000010000000000000003 02 40 00 40     eth0
fe80000000000000bc86a6fffe4f3b22 02 40 20 80     eth0
garbage
`),
    [
      ["2a01:4f8:0:1::2", false],
      ["2a01:4f8:0:1:a1b2:c3d4:e5f6:708", true],
      ["2a01:4f8:0:1::3", true],
      ["fe80::bc86:a6ff:fe4f:3b22", false],
    ].map(([address, passing]) => ({
      address,
      interfaceName: "eth0",
      passing,
    })),
  );
});

Deno.test("broken lines of the kernel's files do no harm", () => {
  for (
    const text of [
      "",
      "\n\n",
      "a b c",
      IPV4.replaceAll("0003", "zz"),
      "0 ".repeat(40),
    ]
  ) {
    assert.deepEqual(parseIpv4Routes(text), []);
    assert.deepEqual(parseIpv6Routes(text), []);
    assert.deepEqual(parseIpv6Addresses(text), []);
  }
});

Deno.test("this machine's routes can be read", async () => {
  for (const family of [4, 6] as const) {
    for (const route of await readDefaultRoutes(family)) {
      assert.equal(route.family, family);
      assert.notEqual(route.interfaceName, "");
    }
  }
});
