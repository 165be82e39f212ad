/**
 * A certificate authority for tests: pebble and its DNS server, unpacked from
 * their Debian package. The newest that Debian has is taken where it can be
 * had, else that of this system.
 *
 * @module
 */

import { join } from "node:path";
import { hasProgram } from "../packages.ts";
import { labCache } from "../lab/tools.ts";

/** Suites whose pebble is tried, before this system's own. */
const SUITES = ["sid", "trixie"];

/** Where pebble is. */
export interface PebblePrograms {
  readonly directory: string;
  /** Flags of its DNS server, whose names have changed. */
  readonly dnsFlag: string;
  readonly otherFlags: readonly string[];
}

let found: Promise<PebblePrograms | string> | undefined;

/** The programs, or why there are none, in words. Asked once. */
export function pebblePrograms(): Promise<PebblePrograms | string> {
  return found ??= findPrograms();
}

async function findPrograms(): Promise<PebblePrograms | string> {
  if (Deno.build.os !== "linux") return "pebble comes from Debian here";
  for (const program of ["apt-get", "dpkg", "openssl"]) {
    if (!await hasProgram(program)) return `the program ${program} is missing`;
  }
  for (const suite of [...SUITES, undefined]) {
    const root = join(labCache, `pebble-${suite ?? "own"}-${Deno.build.arch}`);
    const directory = join(root, "usr/bin");
    if (await isThere(directory) || await unpack(root, suite)) {
      // A program of a later Debian may not run here.
      const { code, stderr } = await output([
        ...[join(directory, "pebble-challtestsrv"), "-help"],
      ]).catch(() => ({ code: 127, stderr: "" }));
      if (code >= 126) continue;
      const dnsFlag = stderr.includes("-dnsserver") ? "-dnsserver" : "-dns01";
      const otherFlags = stderr.includes("-doh") ? ["-doh", ""] : [];
      return { directory, dnsFlag, otherFlags };
    }
  }
  return "the Debian package pebble cannot be downloaded";
}

async function unpack(
  root: string,
  suite: string | undefined,
): Promise<boolean> {
  await Deno.mkdir(labCache, { recursive: true });
  const work = await Deno.makeTempDir({ dir: labCache, prefix: "get-" });
  try {
    await Deno.chmod(work, 0o777);
    const options = suite === undefined ? [] : await suiteOptions(work, suite);
    if (options === undefined) return false;
    if (options.length > 0) {
      const updated = await output(["apt-get", ...options, "update"], work);
      if (updated.code !== 0) return false;
    }
    const got = await output(
      ["apt-get", ...options, "download", "pebble"],
      work,
    );
    if (got.code !== 0) return false;
    const made = join(work, "root");
    for await (const { name } of Deno.readDir(work)) {
      if (!name.endsWith(".deb")) continue;
      const { code } = await output(["dpkg", "-x", join(work, name), made]);
      if (code !== 0) return false;
    }
    await Deno.rename(made, root);
    return true;
  } catch {
    return await isThere(root); // Another run was faster.
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Has apt look into another suite of the same mirror, and nowhere else. */
async function suiteOptions(
  work: string,
  suite: string,
): Promise<string[] | undefined> {
  const { stdout } = await output([
    ...["apt-get", "indextargets", "--format", "$(REPO_URI)"],
  ]);
  const mirror = stdout.split("\n").find((line) => /\/debian\/?$/.test(line));
  if (mirror === undefined) return undefined;
  const list = join(work, "sources.list");
  await Deno.writeTextFile(list, `deb ${mirror} ${suite} main\n`);
  await Deno.mkdir(join(work, "lists", "partial"), { recursive: true });
  await Deno.mkdir(join(work, "cache", "partial"), { recursive: true });
  return [
    ...["-qq", "-o", `Dir::Etc::sourcelist=${list}`],
    ...[
      "-o",
      "Dir::Etc::sourceparts=-",
      "-o",
      `Dir::State::lists=${work}/lists`,
    ],
    ...["-o", `Dir::Cache=${work}/cache`, "-o", "APT::Sandbox::User=root"],
  ];
}

/** How pebble behaves. */
export interface PebbleOptions {
  /** Where it comes to for HTTP-01 and TLS-ALPN-01, in place of 80 and 443. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Port of another DNS server that it asks. */
  readonly dnsPort?: number;
}

/** A certificate authority that runs. */
export class Pebble implements AsyncDisposable {
  readonly #work: string;
  readonly #programs: PebblePrograms;
  readonly #config: string;
  readonly #dnsPort: number;
  /** Port of the DNS server that it asks. */
  readonly #asks: number;
  readonly #managementPort: number;
  #children: Deno.ChildProcess[] = [];
  /** URL of the directory. */
  readonly directory: string;
  /** Path of the certificate (PEM) that its own web server is trusted by. */
  readonly trust: string;

  private constructor(
    programs: PebblePrograms,
    { work, ports, config, asks }: {
      work: string;
      ports: readonly number[];
      config: string;
      asks: number | undefined;
    },
  ) {
    this.#programs = programs;
    this.#work = work;
    this.#config = config;
    [, , this.#dnsPort, this.#managementPort] = ports;
    this.#asks = asks ?? this.#dnsPort;
    this.directory = `https://localhost:${ports[0]}/dir`;
    this.trust = join(work, "ca.pem");
  }

  /** Starts it on free ports of loopback. */
  static async start(
    programs: PebblePrograms,
    { httpPort, tlsPort, dnsPort: asks }: PebbleOptions,
  ): Promise<Pebble> {
    const work = await Deno.makeTempDir();
    await makeCertificates(work);
    const ports = freePorts(4);
    const config = join(work, "config.json");
    await Deno.writeTextFile(
      config,
      JSON.stringify({
        pebble: {
          listenAddress: `127.0.0.1:${ports[0]}`,
          managementListenAddress: `127.0.0.1:${ports[1]}`,
          certificate: join(work, "cert.pem"),
          privateKey: join(work, "key.pem"),
          httpPort,
          tlsPort,
          ocspResponderURL: "",
          externalAccountBindingRequired: false,
          retryAfter: { authz: 1, order: 1 },
          profiles: {
            default: { description: "90 days", validityPeriod: 7776000 },
            shortlived: { description: "6 days", validityPeriod: 518400 },
          },
        },
      }),
    );
    const pebble = new Pebble(programs, { work, ports, config, asks });
    await pebble.resume();
    return pebble;
  }

  /** Starts it again, at the same place; it has forgotten everything. */
  async resume(): Promise<void> {
    const { directory, dnsFlag, otherFlags } = this.#programs;
    const run = (program: string, args: string[]) =>
      new Deno.Command(join(directory, program), {
        args,
        env: {
          PEBBLE_VA_NOSLEEP: "1",
          PEBBLE_WFE_NONCEREJECT: "10",
          PEBBLE_AUTHZREUSE: "0",
        },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    this.#children = [
      run("pebble", [
        ...["-config", this.#config, "-strict=true"],
        ...["-dnsserver", `127.0.0.1:${this.#asks}`],
      ]),
      run("pebble-challtestsrv", [
        ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""],
        ...["-http01", "", "-https01", "", "-tlsalpn01", "", ...otherFlags],
        ...[dnsFlag, `127.0.0.1:${this.#dnsPort}`],
        ...["-management", `127.0.0.1:${this.#managementPort}`],
      ]),
    ];
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(this.trust)],
    });
    await until(async () => {
      await (await fetch(this.directory, { client })).body?.cancel();
    });
    await until(() => this.#tell("clear-txt", { host: "none." }));
  }

  /** The CA is gone. */
  async stop(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map(({ status }) => status));
    this.#children = [];
  }

  /** Sets the TXT values that it sees at a name. */
  async setText(host: string, values: readonly string[]): Promise<void> {
    await this.#tell("clear-txt", { host: `${host}.` });
    for (const value of values) {
      await this.#tell("set-txt", { host: `${host}.`, value });
    }
  }

  async #tell(what: string, body: unknown): Promise<void> {
    const response = await fetch(
      `http://127.0.0.1:${this.#managementPort}/${what}`,
      { method: "POST", body: JSON.stringify(body) },
    );
    await response.body?.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#work, { recursive: true });
  }
}

/** Ports of loopback that nobody uses now. */
export function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** What pebble's web server shows; its package brings none. */
async function makeCertificates(work: string): Promise<void> {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  await must(work, [
    ...["openssl", "req", "-x509", ...curve, "-nodes", "-days", "30"],
    ...["-subj", "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE"],
    ...["-keyout", "ca.key", "-out", "ca.pem"],
  ]);
  await must(work, [
    ...["openssl", "req", ...curve, "-nodes", "-subj", "/CN=localhost"],
    ...["-keyout", "key.pem", "-out", "request.pem"],
  ]);
  await Deno.writeTextFile(
    join(work, "extensions"),
    "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n",
  );
  await must(work, [
    ...["openssl", "x509", "-req", "-in", "request.pem", "-CA", "ca.pem"],
    ...["-CAkey", "ca.key", "-CAcreateserial", "-days", "30"],
    ...["-extfile", "extensions", "-out", "cert.pem"],
  ]);
}

async function must(cwd: string, command: readonly string[]): Promise<void> {
  const { code, stderr } = await output(command, cwd);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}

async function output(
  [program, ...args]: readonly string[],
  cwd?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

async function until(works: () => Promise<void>): Promise<void> {
  const end = performance.now() + 10_000;
  for (;;) {
    try {
      return await works();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
