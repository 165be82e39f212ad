/**
 * What a probe tries, step by step, and what came of it.
 *
 * @module
 */

import { SmpClientError } from "../relay/smp/mod.ts";
import { TlsError } from "../relay/transport/mod.ts";

/** What is tried. */
export type ProbeStepName =
  | "resolve"
  | "connect"
  | "fingerprint"
  | "handshake"
  | "create"
  | "secure"
  | "send"
  | "receive"
  | "upload"
  | "download"
  | "delete";

/** One thing that was tried. */
export interface ProbeStep {
  readonly name: ProbeStepName;
  /** `warning`: it failed, and the relay can be used without it. */
  readonly state: "ok" | "warning" | "failed";
  /** What happened, in a sentence. */
  readonly text: string;
  /** What can be done about it, in a sentence. */
  readonly remedy?: string;
  readonly milliseconds: number;
}

/** What came of a probe. */
export interface ProbeResult {
  /** Everything that was tried works. */
  readonly ok: boolean;
  /** The protocol that was spoken. */
  readonly scheme: "smp" | "xftp";
  /** IP address (or onion name) that answered, and its port. */
  readonly host?: string;
  readonly port: number;
  /** Version of the protocol that was agreed. */
  readonly version?: number;
  readonly steps: readonly ProbeStep[];
}

/** How a probe is done. */
export interface ProbeOptions {
  /** Breaks it off; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long each wait may take, in milliseconds; default 10 s. */
  readonly timeoutMs?: number;
  /** False ends after the handshake: nothing is created. Default true. */
  readonly full?: boolean;
}

/** Default of {@link ProbeOptions.timeoutMs}. */
export const PROBE_TIMEOUT_MS = 10_000;

/** A step did not work: sentences for the owner. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly remedy: string | undefined;

  constructor(
    message: string,
    options: ErrorOptions & { readonly remedy?: string } = {},
  ) {
    super(message, options);
    this.remedy = options.remedy;
  }
}

/** The steps so far. */
export class Steps {
  readonly #steps: ProbeStep[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** What was tried. */
  get all(): readonly ProbeStep[] {
    return this.#steps;
  }

  /** Whether nothing failed. */
  get ok(): boolean {
    return this.#steps.every(({ state }) => state !== "failed");
  }

  /**
   * Does one step and notes what came of it: `tell` says what, where it works.
   * `undefined` where it did not.
   *
   * @throws the reason of the signal when that broke it off
   */
  async run<T>(
    name: ProbeStepName,
    act: () => T | Promise<T>,
    { tell, optional = false }: {
      tell: (value: T) => string;
      /** A failure is but a warning. */
      optional?: boolean;
    },
  ): Promise<T | undefined> {
    this.#signal?.throwIfAborted();
    const since = performance.now();
    const took = () => Math.round(performance.now() - since);
    try {
      const value = await act();
      const text = tell(value);
      this.#steps.push({ name, state: "ok", text, milliseconds: took() });
      return value;
    } catch (error) {
      this.#signal?.throwIfAborted();
      const { message, remedy } = failureOf(error);
      this.#steps.push({
        name,
        state: optional ? "warning" : "failed",
        text: message,
        remedy,
        milliseconds: took(),
      });
      return undefined;
    }
  }
}

/** In the owner's words. */
function failureOf(error: unknown): { message: string; remedy?: string } {
  if (error instanceof StepFailure) return error;
  if (error instanceof TlsError) return { message: tlsFailure(error) };
  if (error instanceof SmpClientError) {
    return { message: smpFailure(error) };
  }
  if (error instanceof Error && error.name === "XftpClientError") {
    return { message: `${error.message}.` };
  }
  throw error;
}

function tlsFailure(error: TlsError): string {
  switch (error.kind) {
    case "connect":
      return refusedBy(error)
        ? "The machine is there, but nothing listens on this port."
        : "There is no way to this address.";
    case "timeout":
      return "Nobody answers there: the address or port is another one, or " +
        "a router or firewall keeps strangers out.";
    case "not_tls":
      return "Something answers there, but it does not speak TLS: it is " +
        "another program.";
    case "alpn":
    case "handshake":
      return "Something answers there, but it is no SimpleX relay: the TLS " +
        "handshake failed.";
    case "closed":
      return "It took the connection and closed it at once.";
    case "protocol":
    case "config":
      return `${error.message}.`;
  }
}

function refusedBy({ cause }: TlsError): boolean {
  return cause instanceof Deno.errors.ConnectionRefused;
}

function smpFailure({ code, message }: SmpClientError): string {
  switch (code) {
    case "closed":
      return "It closed the connection.";
    case "timeout":
      return "It did not answer in time.";
    default:
      return `${message}.`;
  }
}
