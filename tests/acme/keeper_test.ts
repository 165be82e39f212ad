import assert from "node:assert/strict";
import { join } from "node:path";
import {
  CertificateKeeper,
  type Credentials,
  httpSolver,
  identifierOf,
  type KeeperOptions,
} from "../../acme/mod.ts";
import { freePorts, Pebble, pebblePrograms } from "./pebble.ts";

const programs = await pebblePrograms();
const ignore = typeof programs === "string";
const DAY = 86_400_000;

/** A keeper whose clock and names the test turns. */
interface Kept {
  readonly pebble: Pebble;
  readonly directory: string;
  readonly certificates: Credentials[];
  /** Added to the clock, ms. */
  shift: number;
  names: string[];
  keeper(): CertificateKeeper;
}

async function withKeeper(run: (kept: Kept) => Promise<void>): Promise<void> {
  if (typeof programs === "string") return;
  const [httpPort, tlsPort] = freePorts(2);
  await using pebble = await Pebble.start(programs, { httpPort, tlsPort });
  const directory = await Deno.makeTempDir();
  const trust = await Deno.readTextFile(pebble.trust);
  const kept: Kept = {
    pebble,
    directory,
    certificates: [],
    shift: 0,
    names: ["home.example"],
    keeper() {
      const options: KeeperOptions = {
        directory: join(directory, "acme"),
        ca: pebble.directory,
        trust,
        names: () => kept.names.map(identifierOf),
        solvers: () => [
          httpSolver({ port: httpPort, addresses: ["127.0.0.1"] }),
        ],
        onCertificate: (credentials) => kept.certificates.push(credentials),
        onError: (error) => {
          throw error;
        },
        now: () => Date.now() + kept.shift,
        pace: { tickMs: 20, firstRetryMs: 50, maxRetryMs: 500 },
      };
      return new CertificateKeeper(options);
    },
  };
  await run(kept);
  await Deno.remove(directory, { recursive: true });
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    assert.ok(performance.now() < end, "it never came to that");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test({
  name: "a certificate is had, kept over a restart, and renewed in time",
  ignore,
  fn: () =>
    withKeeper(async (kept) => {
      const { certificates, directory } = kept;
      {
        await using keeper = kept.keeper();
        await keeper.start();
        await until(() => certificates.length === 1);
        const { renewAt = 0, notAfter = 0 } = keeper.status;
        assert.ok(renewAt > Date.now() && renewAt < notAfter);
      }
      for (const name of ["account.json", "certificate.json"]) {
        const { mode } = await Deno.stat(join(directory, "acme", name));
        assert.equal(Number(mode) & 0o777, 0o600);
      }
      await using keeper = kept.keeper();
      await keeper.start();
      // The same one, at once, and nothing is asked for.
      assert.deepEqual(certificates[1], certificates[0]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(certificates.length, 2);
      assert.equal(keeper.status.problem, undefined);
      // The names have changed: so does the certificate.
      kept.names = ["home.example", "other.example"];
      keeper.wake();
      await until(() => certificates.length === 3);
      const { notAfter = 0 } = keeper.status;
      kept.shift = notAfter - (notAfter - Date.now()) / 15 - Date.now();
      await until(() => certificates.length === 4);
      // On request, whatever the time. The clock is right again.
      kept.shift = 0;
      await keeper.renewNow();
      assert.ok(certificates.length >= 5);
      assert.notDeepEqual(certificates.at(-1), certificates[0]);
    }),
});

Deno.test({
  name:
    "a CA that is away for a day: the certificate stays, and is renewed when it is back",
  ignore,
  fn: () =>
    withKeeper(async (kept) => {
      const { certificates, pebble } = kept;
      await using keeper = kept.keeper();
      await keeper.start();
      await until(() => certificates.length === 1);
      await pebble.stop();
      kept.shift = Number(keeper.status.notAfter) - Date.now();
      await until(() => keeper.status.problem !== undefined);
      assert.equal(keeper.status.problem?.kind, "unreachable");
      kept.shift += DAY;
      await assert.rejects(keeper.renewNow(), /cannot be reached/);
      assert.equal(certificates.length, 1);
      await pebble.resume();
      await until(() => certificates.length === 2);
      await until(() => keeper.status.problem === undefined);
    }),
});

Deno.test({
  name:
    "a clock that is behind at the start: nothing is asked for until it is set",
  ignore,
  fn: () =>
    withKeeper(async (kept) => {
      const { certificates } = kept;
      {
        await using keeper = kept.keeper();
        await keeper.start();
        await until(() => certificates.length === 1);
      }
      kept.shift = -400 * DAY;
      await using keeper = kept.keeper();
      await keeper.start();
      assert.equal(certificates.length, 2);
      assert.equal(keeper.status.clockIsBehind, true);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(certificates.length, 2);
      kept.shift = 0;
      await until(() => !keeper.status.clockIsBehind);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(certificates.length, 2);
      // Far ahead, it seems to have ended long ago: a new one does no harm.
      kept.shift = 4000 * DAY;
      await until(() => certificates.length > 2);
    }),
});
