import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import {
  AccountKey,
  ACME_ALPN,
  AcmeClient,
  AcmeError,
  certificateFacts,
  dnsSolver,
  httpSolver,
  identifierOf,
  obtainCertificate,
  type Solver,
  tlsSolver,
} from "../../acme/mod.ts";
import { createIdentity } from "../../relay/identity/mod.ts";
import { listenTls } from "../../relay/transport/mod.ts";
import { freePorts, Pebble, pebblePrograms } from "./pebble.ts";

const programs = await pebblePrograms();
const ignore = typeof programs === "string";
if (ignore) console.log(`Without a CA to test with: ${programs}`);

/** A CA and an account at it. */
async function withCa(
  run: (
    ca: { client: AcmeClient; key: AccountKey; pebble: Pebble },
    ports: { http: number; tls: number },
  ) => Promise<void>,
): Promise<void> {
  if (typeof programs === "string") return;
  const [http, tls] = freePorts(2);
  const ports = { httpPort: http, tlsPort: tls };
  await using pebble = await Pebble.start(programs, ports);
  const key = AccountKey.generate();
  using client = new AcmeClient({
    directory: pebble.directory,
    key,
    trust: await Deno.readTextFile(pebble.trust),
  });
  await client.account();
  await run({ client, key, pebble }, { http, tls });
}

function http(port: number): Solver {
  return httpSolver({ port, addresses: ["127.0.0.1", "::1"] });
}

Deno.test({
  name: "HTTP-01 proves names and addresses, and nothing is left listening",
  ignore,
  fn: () =>
    withCa(async ({ client, key }, { http: port }) => {
      const solvers = [http(port)];
      const hosts = ["a.example", "b.example", "127.0.0.1", "[::1]"];
      const identifiers = hosts.map(identifierOf);
      const { certificates, key: pem } = await obtainCertificate({
        client,
        key,
        request: { identifiers },
        solvers,
      });
      const leaf = new X509Certificate(certificates);
      assert.match(pem, /PRIVATE KEY/);
      assert.equal(
        leaf.publicKey.asymmetricKeyDetails?.namedCurve,
        "prime256v1",
      );
      for (const host of hosts.slice(0, 2)) assert.ok(leaf.checkHost(host));
      assert.ok(leaf.checkIP("127.0.0.1"));
      assert.ok(leaf.checkIP("::1"));
      assert.equal(certificateFacts(certificates).identifiers.length, 4);
      Deno.listen({ hostname: "127.0.0.1", port }).close();
    }),
});

Deno.test({
  name: "TLS-ALPN-01 is served by the listener that clients use",
  ignore,
  fn: () =>
    withCa(async ({ client, key }, { tls: port }) => {
      const directory = await Deno.makeTempDir();
      const identity = await createIdentity(directory);
      await using listener = listenTls({
        addresses: [{ hostname: "127.0.0.1", port }],
        credentials: { certificates: identity.chainPem, key: identity.keyPem },
        alpn: ["smp/1"],
        onConnection: () => {
          throw new Error("nobody is served here");
        },
      });
      const solvers = [
        tlsSolver((credentials) =>
          listener.useForProtocol(ACME_ALPN, credentials)
        ),
      ];
      for (const host of ["t.example", "127.0.0.1"]) {
        const identifiers = [identifierOf(host)];
        const { certificates } = await obtainCertificate({
          client,
          key,
          request: { identifiers },
          solvers,
        });
        assert.deepEqual(
          certificateFacts(certificates).identifiers,
          identifiers,
        );
      }
      assert.equal(listener.stats().handlerErrors, 0);
      await Deno.remove(directory, { recursive: true });
    }),
});

Deno.test({
  name: "DNS-01 proves a name, and a wildcard beside it",
  ignore,
  fn: () =>
    withCa(async ({ client, key, pebble }) => {
      const set: string[] = [];
      const records = {
        setText: async (name: string, values: readonly string[]) => {
          set.push(`${name}=${values.length}`);
          await pebble.setText(`${name}.home.relays.example`, values);
        },
      };
      const solvers = [dnsSolver("home.relays.example", records)];
      const { certificates } = await obtainCertificate({
        client,
        key,
        request: {
          identifiers: ["home.relays.example", "*.home.relays.example"]
            .map(identifierOf),
        },
        solvers,
      });
      assert.equal(certificateFacts(certificates).identifiers.length, 2);
      // Nothing is left in DNS.
      assert.deepEqual(set.at(-1), "_acme-challenge=0");
    }),
});

Deno.test({
  name: "what cannot be proven is told in words, and the next way is tried",
  ignore,
  fn: () =>
    withCa(async ({ client, key, pebble }, { http: port }) => {
      const identifiers = [identifierOf("home.relays.example")];
      // Nothing is put into DNS.
      const lost = dnsSolver("home.relays.example", {
        setText: () => Promise.resolve(),
      });
      const options = { client, key, request: { identifiers } };
      await assert.rejects(
        obtainCertificate({ ...options, solvers: [lost] }),
        (error) =>
          error instanceof AcmeError && error.kind === "not proven" &&
          /home\.relays\.example/.test(error.message),
      );
      const taken = Deno.listen({ hostname: "127.0.0.1", port });
      const busy = httpSolver({ port, addresses: ["127.0.0.1"] });
      await assert.rejects(
        obtainCertificate({ ...options, solvers: [busy] }),
        /another program uses it/,
      );
      taken.close();
      const both = [lost, http(port)];
      await obtainCertificate({ ...options, solvers: both });
      await pebble.stop();
      await assert.rejects(
        obtainCertificate({ ...options, solvers: both }),
        (error) => error instanceof AcmeError && error.kind === "unreachable",
      );
    }),
});

Deno.test({
  name:
    "a certificate has the profile that was asked for, and names what it replaces",
  ignore,
  fn: () =>
    withCa(async ({ client, key }, { http: port }) => {
      const { profiles, renewalInfo } = await client.directory();
      const identifiers = [identifierOf("127.0.0.1")];
      const order = (replaces?: string) =>
        obtainCertificate({
          client,
          key,
          request: {
            identifiers,
            replaces,
            profile: profiles.includes("shortlived") ? "shortlived" : undefined,
          },
          solvers: [http(port)],
        });
      const { certificates } = await order();
      const { id, notBefore, notAfter } = certificateFacts(certificates);
      assert.ok(id !== undefined);
      const days = (notAfter - notBefore) / 86_400_000;
      if (profiles.length > 0) {
        assert.ok(days < 7, `${days} days`);
        await assert.rejects(
          client.order({ identifiers, profile: "nope" }),
          (error) => error instanceof AcmeError && error.kind === "refused",
        );
      }
      const window = await client.renewalWindow(id);
      if (renewalInfo === undefined) {
        assert.equal(window, undefined); // pebble of Debian 12
        return;
      }
      assert.ok(window !== undefined && window.end <= notAfter);
      const next = await client.order({ identifiers, replaces: id });
      assert.equal(next.replaces, id);
      // One that never was does not keep a new certificate from being made.
      await order("AAAA.AAAA");
    }),
});
