/**
 * The certificate that browsers are shown: one from elsewhere, read again when
 * it changes, or one that is got and kept new. SMP and XFTP never depend on
 * it, and the start never waits for it.
 *
 * @module
 */

import { join } from "node:path";
import {
  ACME_ALPN,
  certificateFacts,
  CertificateKeeper,
  type Credentials,
  dnsSolver,
  httpSolver,
  type Identifier,
  identifierOf,
  type Solver,
  type TextRecords,
  tlsSolver,
} from "../acme/mod.ts";
import type { Config } from "../config/mod.ts";
import { isPublic } from "../nat/mod.ts";
import {
  type PartStatus,
  Refusal,
  type WebCertificateAnswer,
} from "./control/mod.ts";
import type { Health } from "./health.ts";
import { WEB_PROTOCOLS } from "./protocols.ts";
import type { TlsListener } from "./transport/mod.ts";

/** What a certificate for browsers is kept with. */
export interface WebCertificateParts {
  readonly config: Config;
  readonly health: Health;
  /** The name that a core has given, and where its DNS records are set. */
  readonly leased: () => LeasedName | undefined;
  /** How often a certificate from elsewhere is looked at; for tests. */
  readonly lookMs?: number;
}

/** What shows the certificate. */
type WebListener = Pick<TlsListener, "useWeb" | "useForProtocol">;

/** A name with its DNS records. */
export interface LeasedName extends TextRecords {
  readonly name: string;
}

/** How often a certificate from elsewhere is looked at, ms. */
const LOOK_MS = 60_000;
/** A certificate ends soon, ms. */
const SOON_MS = 3 * 86_400_000;
const HTTPS = 443;
const NAME = "web certificate";

/** The certificate that browsers are shown. */
export class WebCertificate implements AsyncDisposable {
  readonly #parts: WebCertificateParts;
  #listener: WebListener | undefined;
  #keeper: CertificateKeeper | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking: Promise<void> | undefined;
  /** When the files were changed that are in use. */
  #seen = "";
  #notAfter: number | undefined;
  /** Why the certificate from elsewhere cannot be used. */
  #fault: string | undefined;

  constructor(parts: WebCertificateParts) {
    this.#parts = parts;
  }

  /** Begins to show the certificate that there is, and to keep it. */
  async start(listener: WebListener): Promise<void> {
    this.#listener = listener;
    const { acme, tls } = this.#parts.config;
    if (tls.webCertificate !== "") {
      await this.#look();
      this.#timer = setInterval(() => {
        this.#looking ??= this.#look()
          .finally(() => this.#looking = undefined);
      }, this.#parts.lookMs ?? LOOK_MS);
    } else if (acme.enabled) {
      this.#keeper = await this.#makeKeeper();
      await this.#keeper.start();
    }
  }

  async #makeKeeper(): Promise<CertificateKeeper> {
    const { config, health } = this.#parts;
    const { acme, data } = config;
    return new CertificateKeeper({
      directory: join(data.directory, "acme"),
      ca: acme.server,
      trust: await this.#trust(),
      contact: acme.contact || undefined,
      profile: acme.profile || undefined,
      names: () => this.#names(),
      solvers: () => this.#solvers(),
      onCertificate: (credentials) => this.#use(credentials),
      onError: (error) => health.report(error),
    });
  }

  async #trust(): Promise<string | undefined> {
    const { serverCa } = this.#parts.config.acme;
    if (serverCa === "") return undefined;
    try {
      return await Deno.readTextFile(serverCa);
    } catch (cause) {
      this.#parts.health.set("acme.server_ca", {
        reason: `The file ${serverCa} cannot be read.`,
        remedy: "Correct acme.server_ca, then restart the relay.",
      }, cause);
      return undefined;
    }
  }

  /** Whether browsers have a certificate of their own. */
  get isThere(): boolean {
    return this.#notAfter !== undefined;
  }

  /** How it is; `undefined` where none is wanted. */
  part(now: number = Date.now()): PartStatus | undefined {
    const fault = this.#faultNow(now);
    if (fault !== undefined) {
      return { name: NAME, state: "degraded", ...fault };
    }
    if (this.#keeper === undefined && !this.isThere) return undefined;
    const note = this.#notAfter === undefined
      ? "It is on its way. Until it is there, browsers are shown the relay's own, which they do not trust."
      : undefined;
    return { name: NAME, state: "ok", note };
  }

  /** For `porchlight cert`. */
  answer(): WebCertificateAnswer {
    const { tls } = this.#parts.config;
    const status = this.#keeper?.status;
    const iso = (time: number | undefined) =>
      time === undefined ? undefined : new Date(time).toISOString();
    return {
      source: tls.webCertificate !== ""
        ? "file"
        : this.#keeper === undefined
        ? "none"
        : "acme",
      names: status?.names,
      ends: iso(this.#notAfter),
      renews: iso(status?.renewAt),
      problem: this.#faultNow(Date.now())?.reason,
    };
  }

  /**
   * Gets a new one now.
   *
   * @throws {Refusal} when that cannot be
   */
  async renewNow(): Promise<WebCertificateAnswer> {
    if (this.#keeper === undefined) {
      throw new Refusal(
        "conflict",
        "The settings ask for no certificate: set acme.enabled = true, and " +
          "leave tls.web_certificate empty.",
      );
    }
    try {
      await this.#keeper.renewNow();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Refusal("conflict", reason);
    }
    return this.answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#keeper?.stop();
  }

  #faultNow(now: number) {
    const status = this.#keeper?.status;
    const ends = this.#notAfter;
    const day = ends && new Date(ends).toISOString().slice(0, 10);
    if (this.#fault !== undefined) {
      return {
        reason: this.#fault,
        remedy:
          "Correct tls.web_certificate and tls.web_key; the relay looks again by itself.",
      };
    }
    if (status?.clockIsBehind) {
      return {
        reason:
          "The certificate for browsers is not valid yet: the clock of this machine is wrong.",
        remedy: "Set the clock.",
      };
    }
    const problem = status?.problem;
    if (ends !== undefined && ends < now) {
      return {
        reason: `The certificate for browsers ended on ${day}.` +
          (problem === undefined ? "" : ` ${problem.message}`),
        remedy: problem === undefined
          ? "Renew it where it comes from, or look at the clock."
          : REMEDY,
      };
    }
    // A certificate that is good for long is no reason to worry its owner.
    const isUrgent = ends === undefined || ends - now < SOON_MS;
    if (problem === undefined || !isUrgent) return undefined;
    const shown = ends === undefined
      ? "Browsers do not trust this relay yet."
      : `The certificate for browsers ends on ${day}.`;
    return { reason: `${shown} ${problem.message}`, remedy: REMEDY };
  }

  /** Reads the certificate from elsewhere, if it has changed. */
  async #look(): Promise<void> {
    const { webCertificate, webKey } = this.#parts.config.tls;
    try {
      const stats = [await Deno.stat(webCertificate), await Deno.stat(webKey)];
      const seen = stats.map(({ mtime, ino, size }) =>
        `${Number(mtime)} ${ino} ${size}`
      ).join();
      if (seen === this.#seen) return;
      this.#use({
        certificates: await Deno.readTextFile(webCertificate),
        key: await Deno.readTextFile(webKey),
      });
      this.#seen = seen;
      this.#fault = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fault =
        `The certificate for browsers in ${webCertificate} cannot be used: ${reason}`;
    }
  }

  /** @throws what the listener throws for what it cannot use */
  #use(credentials: Credentials): void {
    const { notAfter } = certificateFacts(credentials.certificates);
    this.#listener?.useWeb({ credentials, alpn: WEB_PROTOCOLS });
    this.#notAfter = notAfter;
  }

  #names(): Identifier[] {
    const { acme, address } = this.#parts.config;
    if (acme.names.length > 0) return acme.names.map(identifierOf);
    const leased = this.#parts.leased();
    if (leased !== undefined) return [identifierOf(leased.name)];
    return address.hosts.map(identifierOf).filter(({ type, value }) =>
      type === "ip" ? isPublic(value) : value.includes(".") &&
        !/\.(?:onion|local|lan|home\.arpa)$/.test(value)
    );
  }

  /** Ways to prove the names, the surest first. */
  #solvers(): Solver[] {
    const { config } = this.#parts;
    const { challenge, httpPort } = config.acme;
    const leased = this.#parts.leased();
    const tls = tlsSolver((credentials) =>
      this.#listener?.useForProtocol(ACME_ALPN, credentials)
    );
    const isOn443 = config.listen.ports.includes(HTTPS) ||
      config.address.port === HTTPS || config.path.externalPort === HTTPS;
    const http = httpSolver({
      port: httpPort,
      addresses: config.listen.addresses.map((address) =>
        address.replace(/^\[(.*)\]$/, "$1")
      ),
    });
    const all = [
      ...leased === undefined ? [] : [dnsSolver(leased.name, leased)],
      ...isOn443 || challenge === "tls-alpn-01" ? [tls] : [],
      http,
    ];
    return challenge === "auto"
      ? all
      : all.filter(({ type }) => type === challenge);
  }
}

const REMEDY =
  "It is tried again by itself, and at once with: porchlight cert web. Apps do not need it.";
