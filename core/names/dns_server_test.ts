import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { hasProgram } from "../../tests/packages.ts";
import { answerQuery, type Zone } from "./answer.ts";
import { DnsServer, NameTable } from "./mod.ts";

const ignore = !await hasProgram("dig");

function zone(names: NameTable): Zone {
  return {
    domain: "relays.example.org",
    names,
    core: { a: ["198.51.100.1"], aaaa: ["2001:db8::1"] },
    nameServers: ["ns1.relays.example.org"],
    authorities: ["letsencrypt.org"],
    serial: 1,
  };
}

/** A server with a few names, asked with `dig`. */
async function withServer(
  test: (dig: (...args: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  const names = new NameTable();
  names.setAddresses("kitchen", { a: ["203.0.113.7"], aaaa: [] });
  names.setAddresses("attic", { a: ["198.51.100.1"], aaaa: ["2001:db8::1"] });
  names.setTexts("kitchen", "_acme-challenge", ["one", "two"]);
  await using server = new DnsServer({
    domain: "relays.example.org",
    names,
    addresses: ["198.51.100.1", "2001:db8::1"],
    nameServers: [],
    listen: [{ hostname: "127.0.0.1", port: 0 }],
    onError: (error) => {
      throw error;
    },
  });
  await server.start();
  await test(async (...args) => {
    const { stdout, stderr } = await new Deno.Command("dig", {
      args: [
        "@127.0.0.1",
        "-p",
        String(server.port),
        "+tries=1",
        "+time=5",
        ...args,
      ],
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  });
}

const lines = (text: string) => text.trim().split("\n").sort();

for (const transport of ["+notcp", "+tcp"]) {
  Deno.test({
    name: `dig gets what names say (${transport})`,
    ignore,
    fn: () =>
      withServer(async (dig) => {
        const short = async (...args: string[]) =>
          lines(await dig(transport, "+short", ...args));
        deepStrictEqual(await short("kitchen.relays.example.org", "A"), [
          "203.0.113.7",
        ]);
        deepStrictEqual(await short("attic.relays.example.org", "AAAA"), [
          "2001:db8::1",
        ]);
        deepStrictEqual(await short("relays.example.org", "A"), [
          "198.51.100.1",
        ]);
        deepStrictEqual(await short("relays.example.org", "NS"), [
          "ns1.relays.example.org.",
        ]);
        deepStrictEqual(await short("ns1.relays.example.org", "A"), [
          "198.51.100.1",
        ]);
        deepStrictEqual(await short("relays.example.org", "CAA"), [
          '0 issue "letsencrypt.org"',
        ]);
        deepStrictEqual(
          await short("_acme-challenge.kitchen.relays.example.org", "TXT"),
          ['"one"', '"two"'],
        );
        match(
          (await short("relays.example.org", "SOA"))[0],
          /^ns1\.relays\.example\.org\. hostmaster\.relays\.example\.org\. \d+ 3600 600 604800 60$/,
        );
      }),
  });
}

Deno.test({
  name: "dig sees the right codes, flags and times",
  ignore,
  fn: () =>
    withServer(async (dig) => {
      const found = await dig("kitchen.relays.example.org", "A");
      match(found, /status: NOERROR/);
      match(found, /flags: qr aa rd;/);
      match(found, /kitchen\.relays\.example\.org\.\s+60\s+IN\s+A\s/);
      const noType = await dig("kitchen.relays.example.org", "AAAA");
      match(noType, /status: NOERROR.*\n.*ANSWER: 0, AUTHORITY: 1/);
      match(noType, /relays\.example\.org\.\s+60\s+IN\s+SOA/);
      match(await dig("nobody.relays.example.org"), /status: NXDOMAIN/);
      match(await dig("a.b.kitchen.relays.example.org"), /status: NXDOMAIN/);
      match(await dig("example.com"), /status: REFUSED/);
      match(await dig("relays.example.org.evil.com"), /status: REFUSED/);
      match(
        await dig("+opcode=NOTIFY", "relays.example.org"),
        /status: NOTIMP/,
      );
      match(
        await dig("+edns=1", "+noednsneg", "relays.example.org"),
        /status: BADVERS/,
      );
      match(
        await dig("+noedns", "kitchen.relays.example.org"),
        /status: NOERROR/,
      );
      // Case is kept: resolvers use it against forged answers.
      match(
        await dig("KiTcHeN.rElays.example.ORG", "A"),
        /KiTcHeN\.rElays\.example\.ORG\.\s+60\s+IN\s+A/,
      );
      match(await dig("-t", "AXFR", "relays.example.org"), /failed|status/);
    }),
});

Deno.test("An answer that is too long for UDP is cut, and whole over TCP", () => {
  const names = new NameTable();
  names.setTexts(
    "kitchen",
    "_acme-challenge",
    Array.from({ length: 8 }, (_, index) => String(index).repeat(250)),
  );
  const query = question("_acme-challenge.kitchen.relays.example.org", 16);
  const udp = answerQuery(query, zone(names), { transport: "udp" });
  const tcp = answerQuery(query, zone(names), { transport: "tcp" });
  ok(udp !== undefined && udp.length <= 512 && (udp[2] & 2) !== 0);
  ok(tcp !== undefined && tcp.length > 2000 && (tcp[2] & 2) === 0);
});

Deno.test("Answers and scraps get no answer", () => {
  const names = new NameTable();
  const query = question("kitchen.relays.example.org", 1);
  query[2] |= 0x80;
  strictEqual(answerQuery(query, zone(names), { transport: "udp" }), undefined);
  const scrap = query.subarray(0, 11);
  strictEqual(answerQuery(scrap, zone(names), { transport: "udp" }), undefined);
});

Deno.test("Noise never throws and never grows", () => {
  const names = new NameTable();
  names.setAddresses("kitchen", { a: ["203.0.113.7"], aaaa: [] });
  const random = new SeededRandom(5);
  const query = question("kitchen.relays.example.org", 1);
  for (let round = 0; round < 20_000; round++) {
    const message = round % 2 === 0
      ? random.mutate(query)
      : random.bytes(random.below(80));
    const answer = answerQuery(message, zone(names), { transport: "udp" });
    ok(answer === undefined || answer.length <= 512);
  }
});

/** A question with recursion desired, as a stub resolver asks it. */
function question(name: string, type: number): Uint8Array {
  const bytes = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  for (const label of name.split(".")) {
    bytes.push(label.length, ...new TextEncoder().encode(label));
  }
  bytes.push(0, type >> 8, type & 255, 0, 1);
  return Uint8Array.from(bytes);
}
