/** The `openssl` command as the peer of our listener and of our dialer. */
import assert from "node:assert/strict";
import {
  type Connection,
  dialTls,
  listenTls,
  type ListenTlsOptions,
} from "./mod.ts";
import { makeCredentials, runOpenssl } from "./testing.ts";

const ed25519 = await makeCredentials("ED25519");
const ed448 = await makeCredentials("ED448");

/** One connection of `openssl s_client` to a listener that echoes once. */
async function clientSession(
  args: readonly string[],
  options: Partial<ListenTlsOptions> = {},
) {
  let seen: Connection | undefined;
  let got = "";
  await using listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: ed25519,
    alpn: ["smp/1", "h2"],
    onConnection: async (connection) => {
      seen = connection;
      const bytes = await connection.read();
      if (bytes === undefined) return;
      got = new TextDecoder().decode(bytes);
      connection.write(new TextEncoder().encode(`echo ${got}`));
    },
    ...options,
  });
  const { port } = listener.addresses[0];
  const result = await runOpenssl(
    [
      ...["s_client", "-connect", `127.0.0.1:${port}`, "-msg", "-ign_eof"],
      ...args,
    ],
    { input: "hello\n" },
  );
  return { ...result, seen, got, stats: listener.stats() };
}

/** The body of the Finished message that `-msg` shows as sent or received. */
function finishedIn(output: string, direction: "<<<" | ">>>"): string {
  const match = new RegExp(
    `${direction} [^\\n]*Handshake \\[length [0-9a-f]+\\], Finished\\n((?:    [0-9a-f ]+\\n)+)`,
  ).exec(output);
  assert.ok(match, `no Finished in:\n${output}`);
  return match[1].replaceAll(/\s/g, "").slice(8); // type and length
}

for (const version of ["1_3", "1_2"] as const) {
  for (const [name, credentials] of Object.entries({ ed25519, ed448 })) {
    Deno.test(`s_client, TLS ${version}, ${name}`, async () => {
      const { stdout, seen, got, stats } = await clientSession(
        [`-tls${version}`, "-alpn", "smp/1", "-groups", "X448:X25519"],
        { credentials },
      );
      assert.ok(seen, stdout);
      assert.equal(got, "hello\n");
      assert.match(stdout, /echo hello/);
      assert.match(
        stdout,
        version === "1_3"
          ? /TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256/
          : /TLSv1.2, Cipher is ECDHE-ECDSA-CHACHA20-POLY1305/,
      );
      assert.match(stdout, /Server Temp Key: X448/);
      assert.match(stdout, /ALPN protocol: smp\/1/);
      assert.doesNotMatch(stdout, /NewSessionTicket/);
      assert.equal(seen.alpn, "smp/1");
      assert.equal(seen.serverName, undefined);
      assert.deepEqual(seen.peerCertificates, []);
      assert.equal(seen.sessionId.length, version === "1_3" ? 32 : 12);
      assert.equal(seen.sessionId.toHex(), finishedIn(stdout, ">>>"));
      assert.equal(stats.established, 1);
    });
  }
}

Deno.test("s_client without ALPN gets none", async () => {
  const { seen, got } = await clientSession(["-tls1_3"]);
  assert.equal(got, "hello\n");
  assert.equal(seen?.alpn, undefined);
});

Deno.test("the client's preference decides about ALPN", async () => {
  const { seen } = await clientSession(["-alpn", "http/1.1,h2,smp/1"]);
  assert.equal(seen?.alpn, "h2");
});

Deno.test("only unknown ALPN protocols: no_application_protocol", async () => {
  const { success, seen, stderr, stats } = await clientSession(
    ["-alpn", "other/1"],
  );
  assert.equal(success, false);
  assert.match(stderr, /no application protocol/);
  assert.equal(seen, undefined);
  assert.deepEqual(stats.failed, { alpn: 1 });
});

Deno.test("a listener with ALPN off takes any offer and answers none", async () => {
  const { seen, got } = await clientSession(["-alpn", "smp/1"], {
    alpn: undefined,
  });
  assert.equal(got, "hello\n");
  assert.equal(seen?.alpn, undefined);
});

Deno.test("the server name is told", async () => {
  const { seen } = await clientSession(["-servername", "relay.example"]);
  assert.equal(seen?.serverName, "relay.example");
});

for (
  const [what, args] of Object.entries({
    "TLS 1.1": ["-tls1_1"],
    "another cipher": ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"],
    "another group": ["-groups", "P-256"],
    "another signature": ["-sigalgs", "ECDSA+SHA256"],
  })
) {
  Deno.test(`${what} is refused`, async () => {
    const { success, seen, stats } = await clientSession(args);
    assert.equal(success, false);
    assert.equal(seen, undefined);
    assert.equal(stats.established, 0);
  });
}

Deno.test("TLS 1.2 cannot be renegotiated", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await using listener = listenTls({
      addresses: [{ hostname: "127.0.0.1", port: 0 }],
      credentials: ed25519,
      onConnection: async (connection) => {
        while (await connection.read() !== undefined);
      },
    });
    const { port } = listener.addresses[0];
    const { stdout, stderr } = await runOpenssl(
      ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", "-msg"],
      { input: "R\n" }, // the command of s_client to renegotiate
    );
    assert.match(stderr, /RENEGOTIATING/);
    const hellos = stdout.match(/<<< [^\n]*ServerHello\n/g);
    assert.equal(hellos?.length, 1);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a client certificate is taken when asked for, and only then", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/chain.pem`, ed448.certificates.toString());
    await Deno.writeTextFile(`${dir}/key.pem`, ed448.key.toString());
    const args = [
      ...["-cert", `${dir}/chain.pem`, "-key", `${dir}/key.pem`],
      ...["-cert_chain", `${dir}/chain.pem`],
    ];
    for (const version of ["-tls1_3", "-tls1_2"]) {
      const asked = await clientSession([version, ...args], {
        requestClientCertificate: true,
      });
      assert.equal(asked.got, "hello\n");
      assert.ok(asked.seen && asked.seen.peerCertificates.length >= 2);
      const [leaf] = asked.seen.peerCertificates;
      assert.equal(
        leaf.toBase64(),
        /-----BEGIN CERTIFICATE-----([^-]*)-/.exec(`${ed448.certificates}`)?.[1]
          .replaceAll("\n", ""),
      );
    }
    const notAsked = await clientSession(args);
    assert.deepEqual(notAsked.seen?.peerCertificates, []);
    const none = await clientSession([], { requestClientCertificate: true });
    assert.equal(none.got, "hello\n");
    assert.deepEqual(none.seen?.peerCertificates, []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

for (const version of ["1_3", "1_2"]) {
  Deno.test(`our dialer and s_server, TLS ${version}`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${dir}/chain.pem`, `${ed448.certificates}`);
      await Deno.writeTextFile(`${dir}/key.pem`, `${ed448.key}`);
      const child = new Deno.Command("openssl", {
        args: [
          ...["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev"],
          ...["-cert", "chain.pem", "-cert_chain", "chain.pem"],
          ...["-key", "key.pem", `-tls${version}`, "-alpn", "smp/1", "-msg"],
          ...["-Verify", "1"],
        ],
        cwd: dir,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const reader = child.stdout.pipeThrough(new TextDecoderStream())
        .getReader();
      let output = "";
      let port: number | undefined;
      while (port === undefined) {
        const { value, done } = await reader.read();
        assert.ok(!done, output);
        output += value;
        const match = /ACCEPT \S+:(\d+)\n/.exec(output);
        if (match) port = Number(match[1]);
      }
      const connection = await dialTls("127.0.0.1", port, {
        alpn: ["xftp/1", "smp/1"],
        credentials: ed25519,
      });
      assert.equal(connection.alpn, "smp/1");
      assert.ok(connection.peerCertificates.length >= 2);
      connection.write(new TextEncoder().encode("hello\n"));
      const answer = new Uint8Array(6);
      assert.ok(await connection.readFull(answer));
      assert.equal(new TextDecoder().decode(answer), "olleh\n");
      await connection.close();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        output += value;
      }
      await child.stderr.cancel();
      await child.status;
      assert.match(output, /<<< [^\n]*CertificateVerify\n/);
      assert.equal(connection.sessionId.toHex(), finishedIn(output, "<<<"));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
