import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { buildLab, type Lab, labMissing, listLabs } from "./mod.ts";
import { listNamespaces } from "./namespaces.ts";
import { labTools } from "./tools.ts";

const missing = await labMissing();
if (missing) console.log(`No network lab: ${missing}`);
const ignore = missing !== undefined;

/** Port of the greeter in a box. */
const PORT = 8443;

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Starts the greeter in a place. */
async function greet(lab: Lab, place = "box"): Promise<AsyncDisposable> {
  const child = lab.spawn(place, Deno.execPath(), {
    args: ["run", "-A", program("greeter.ts"), String(PORT)],
  });
  const reader = child.stdout.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /ready/);
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await reader.cancel();
      await child.stderr.cancel();
      await child.status;
    },
  };
}

/** What the client outside hears at an address; "" when nobody answers. */
async function hear(lab: Lab, address: string, port = PORT): Promise<string> {
  const script = `exec 3<>/dev/tcp/${address}/${port} && head -1 <&3`;
  const command = ["timeout", "1", "bash", "-c", script];
  const { stdout } = await lab.run("client", command);
  return stdout.trim();
}

/** Maps the greeter's port by UPnP with a client that is not ours. */
async function mapByUpnp(lab: Lab, options: readonly string[] = []) {
  const router = "http://192.168.50.1:5000/rootDesc.xml";
  const port = String(PORT);
  return (await lab.upnpc("box", [
    ...["-u", router, ...options],
    ...["-a", lab.address("box"), port, port, "TCP", "600"],
  ])).stdout;
}

async function askRouter(
  lab: Lab,
  protocol: "nat-pmp" | "pcp",
): Promise<string> {
  const { stdout, stderr } = await lab.run("box", [
    ...[Deno.execPath(), "run", "-A", program("ask_router.ts"), protocol],
    ...["192.168.50.1", lab.address("box"), `${PORT}`, `${PORT}`, "600"],
  ]);
  return stdout.trim() || stderr;
}

for (const variant of ["igd2", "igd1"] as const) {
  Deno.test(
    `lab ${variant}: closed, then open by UPnP`,
    { ignore },
    async () => {
      await using lab = await buildLab({ variant });
      await using _greeter = await greet(lab);
      const { publicAddress } = lab.home;
      assert.equal(await hear(lab, publicAddress), "");
      assert.match(await mapByUpnp(lab), /is redirected/);
      // The client's own address is seen: nothing but the router translates.
      assert.equal(await hear(lab, publicAddress), "hello 11.0.113.2");
      const description = await lab.run("box", [
        ...["bash", "-c"],
        "exec 3<>/dev/tcp/192.168.50.1/5000; " +
        "printf 'GET /rootDesc.xml HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
      ]);
      const version = variant === "igd2" ? 2 : 1;
      assert.match(
        description.stdout,
        new RegExp(`InternetGatewayDevice:${version}`),
      );
      const other = variant === "igd2" ? /result 0/ : /silence/;
      assert.match(await askRouter(lab, "pcp"), other);
      assert.match(await askRouter(lab, "nat-pmp"), other);
    },
  );
}

Deno.test(
  "lab igd2: IPv6 is closed until a pinhole is made",
  { ignore },
  async () => {
    await using lab = await buildLab({ variant: "igd2" });
    await using _greeter = await greet(lab);
    const address = lab.address6("box") ?? "";
    assert.equal(await hear(lab, address), "");
    const { stdout } = await lab.upnpc("box", [
      ...["-6", "-A", "", "0", address, String(PORT), "tcp", "600"],
    ]);
    assert.match(stdout, /pinhole/i);
    assert.equal(await hear(lab, address), "hello 2a0f:113::2");
  },
);

for (
  const [variant, protocol, other] of [
    ["pmp", "nat-pmp", "pcp"],
    ["pcp", "pcp", "nat-pmp"],
  ] as const
) {
  Deno.test(`lab ${variant}: speaks ${protocol} only`, { ignore }, async () => {
    await using lab = await buildLab({ variant });
    await using _greeter = await greet(lab);
    assert.match(await askRouter(lab, other), /silence/);
    assert.equal(await hear(lab, lab.home.publicAddress), "");
    assert.equal(await askRouter(lab, protocol), `result 0 port ${PORT}`);
    assert.equal(
      await hear(lab, lab.home.publicAddress),
      "hello 11.0.113.2",
    );
    assert.doesNotMatch(await mapByUpnp(lab), /is redirected/);
    await lab.home.expireLeases();
    assert.equal(await hear(lab, lab.home.publicAddress), "");
    assert.equal(await askRouter(lab, protocol), `result 0 port ${PORT}`);
    assert.equal(
      await hear(lab, lab.home.publicAddress),
      "hello 11.0.113.2",
    );
  });
}

Deno.test("lab none, manual, public: nobody to ask", { ignore }, async () => {
  await using lab = await buildLab({
    homes: ["none", { variant: "manual", forward: [PORT] }, "public"],
  });
  await using _first = await greet(lab);
  await using _second = await greet(lab, "box2");
  await using _third = await greet(lab, "box3");
  const [none, manual, open] = lab.homes;
  assert.match(await askRouter(lab, "nat-pmp"), /silence|refused/i);
  assert.equal(await hear(lab, none.publicAddress), "");
  assert.equal(await hear(lab, manual.publicAddress), "hello 11.0.113.2");
  assert.equal(await hear(lab, open.publicAddress), "hello 11.0.113.2");
  assert.equal(
    await hear(lab, open.boxAddress6 ?? ""),
    "hello 2a0f:113::2",
  );
});

Deno.test("lab double: both routers have to map", { ignore }, async () => {
  await using lab = await buildLab({ variant: "double" });
  await using _greeter = await greet(lab);
  assert.match(await mapByUpnp(lab), /external 192\.168\.1\.2:8443/);
  assert.equal(await hear(lab, lab.home.publicAddress), "");
  const [port, inner] = [String(PORT), "192.168.1.2"];
  const { upnpc, env } = await labTools();
  const outer = await lab.run("router", [
    ...[upnpc, "-u", "http://192.168.1.1:5000/rootDesc.xml"],
    ...["-a", inner, port, port, "TCP", "600"],
  ], { env });
  assert.match(outer.stdout, /external 11\.0\.113\.10:8443/);
  assert.equal(await hear(lab, lab.home.publicAddress), "hello 11.0.113.2");
});

Deno.test(
  "lab cgnat: refused, or granted and of no use",
  { ignore },
  async () => {
    await using lab = await buildLab({ variant: "cgnat", strict: true });
    await using _greeter = await greet(lab);
    const { home } = lab;
    assert.match(await mapByUpnp(lab), /failed with code/);
    assert.match(await askRouter(lab, "pcp"), /result [1-9]/);
    await home.replaceRouter({ variant: "cgnat" });
    const claimed = `external ${home.publicAddress}:8443`;
    assert.ok((await mapByUpnp(lab)).includes(claimed));
    assert.equal(await hear(lab, home.publicAddress), "");
    await home.replaceRouter({ variant: "cgnat", reports: "own" });
    assert.match(await mapByUpnp(lab), /external 100\.64\.0\.2:8443/);
    assert.equal(await hear(lab, home.publicAddress), "");
  },
);

Deno.test("lab: what happens to routers", { ignore }, async () => {
  await using lab = await buildLab({ variant: "igd1" });
  await using _greeter = await greet(lab);
  const { home } = lab;
  const first = home.publicAddress;
  const hello = "hello 11.0.113.2";
  const mapAgain = async () => {
    assert.match(await mapByUpnp(lab), /is redirected/);
    assert.equal(await hear(lab, home.publicAddress), hello);
  };
  await mapAgain();
  await home.expireLeases();
  assert.equal(await hear(lab, first), "");
  await mapAgain();
  await home.restartRouter();
  assert.equal(await hear(lab, first), "");
  await mapAgain();
  await home.stopRouter();
  assert.equal(await hear(lab, first), "");
  await home.startRouter();
  await mapAgain();
  await home.changeExternalAddress();
  assert.notEqual(home.publicAddress, first);
  assert.equal(await hear(lab, home.publicAddress), hello);
  assert.match(await mapByUpnp(lab), new RegExp(home.publicAddress));
  await home.replaceRouter("public");
  assert.equal(await hear(lab, home.publicAddress), hello);
});

Deno.test("lab: a slow line", { ignore }, async () => {
  await using lab = await buildLab({});
  await using _greeter = await greet(lab, "core");
  const delay = lab.spawn("resolver", Deno.execPath(), {
    args: [
      ...["run", "-A", program("delay.ts"), "9443"],
      ...[lab.address("core"), String(PORT), "100"],
    ],
  });
  const reader = delay.stdout.getReader();
  await reader.read();
  const start = performance.now();
  assert.match(await hear(lab, lab.address("resolver"), 9443), /^hello/);
  // The handshake, there and back, and the greeting, back.
  assert.ok(performance.now() - start >= 300);
  delay.kill();
  await reader.cancel();
  await delay.stderr.cancel();
  await delay.status;
});

Deno.test("lab: nothing is left of it", { ignore }, async () => {
  const crashed = `plab${crypto.randomUUID().slice(0, 6)}`;
  const first = await buildLab({ prefix: crashed, variant: "igd2" });
  const child = first.spawn("box", "sleep", { args: ["600"] });
  // As after a crash: nobody disposed of the first.
  const second = await buildLab({ prefix: crashed, variant: "none" });
  assert.equal((await child.output()).success, false);
  assert.equal((await listLabs()).includes(crashed), true);
  await second[Symbol.asyncDispose]();
  assert.deepEqual(await listNamespaces(crashed), []);
  await using other = await buildLab({ variant: "none" });
  assert.notEqual(other.prefix, crashed);
  await first[Symbol.asyncDispose]();
});
