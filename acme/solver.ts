/**
 * Ways to prove to a certificate authority that a name is ours.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { stopHttp } from "../relay/http_stop.ts";
import { challengeCertificate } from "./certificates.ts";
import type { ChallengeType } from "./client.ts";
import { AcmeError } from "./error.ts";
import type { Identifier } from "./identifier.ts";
import { generateP256 } from "./jws.ts";

/** What has to be shown. */
export interface Proof {
  readonly identifier: Identifier;
  readonly token: string;
  /** `token.thumbprint` */
  readonly authorization: string;
}

/** One way to show it. */
export interface Solver {
  readonly type: ChallengeType;
  /** Whether it can prove this at all. */
  canProve(identifier: Identifier): boolean;
  /**
   * Shows the proof until the result is disposed of.
   *
   * @throws {AcmeError} `here` when this machine cannot
   */
  show(proof: Proof): Promise<AsyncDisposable>;
}

/** ALPN protocol of TLS-ALPN-01 (RFC 8737, 6.2). */
export const ACME_ALPN = "acme-tls/1";

/** Certificate and key, PEM. */
export interface Credentials {
  readonly certificates: string;
  readonly key: string;
}

const PREFIX = "/.well-known/acme-challenge/";

/**
 * HTTP-01 (RFC 8555, 8.3): a small web server, there only while a CA looks.
 * CAs come to port 80; `port` is where that arrives on this machine.
 */
export function httpSolver(
  { port, addresses = ["0.0.0.0", "::"] }: {
    readonly port: number;
    readonly addresses?: readonly string[];
  },
): Solver {
  return {
    type: "http-01",
    canProve: ({ value }) => !value.startsWith("*."),
    // deno-lint-ignore require-await -- it rejects instead of throwing
    async show({ token, authorization }) {
      const servers: Deno.HttpServer[] = [];
      let refused: unknown;
      for (const hostname of addresses) {
        try {
          servers.push(Deno.serve({
            hostname,
            port,
            onListen: () => {},
          }, (request) => {
            const isAsked = new URL(request.url).pathname === PREFIX + token;
            return isAsked
              ? new Response(authorization, {
                headers: { "content-type": "application/octet-stream" },
              })
              : new Response("Not found\n", { status: 404 });
          }));
        } catch (error) {
          refused = error; // Of two, one may listen for both, or be missing.
        }
      }
      if (servers.length === 0) throw cannotListen(port, refused);
      return {
        async [Symbol.asyncDispose]() {
          await Promise.all(servers.map(stopHttp));
        },
      };
    },
  };
}

/**
 * TLS-ALPN-01 (RFC 8737) on a listener of our own, which shows these
 * credentials to those that offer {@link ACME_ALPN}, and takes them back.
 */
export function tlsSolver(
  showChallenge: (credentials: Credentials | undefined) => void,
): Solver {
  return {
    type: "tls-alpn-01",
    canProve: ({ value }) => !value.startsWith("*."),
    show({ identifier, authorization }) {
      showChallenge(
        challengeCertificate(identifier, {
          authorization,
          key: generateP256(),
        }),
      );
      return Promise.resolve({
        [Symbol.asyncDispose]() {
          showChallenge(undefined);
          return Promise.resolve();
        },
      });
    },
  };
}

/** Where records of type TXT can be set. */
export interface TextRecords {
  /**
   * Sets the values of a name below the domain, in place of those that it has;
   * none removes it. Resolves when the world sees them.
   */
  setText(name: string, values: readonly string[]): Promise<void>;
}

/** DNS-01 (RFC 8555, 8.4) for `domain` and what is below it. */
export function dnsSolver(domain: string, records: TextRecords): Solver {
  const base = domain.toLowerCase();
  const values = new Map<string, string[]>();
  const write = async (name: string, now: string[]) => {
    values.set(name, now);
    try {
      await records.setText(name, now);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AcmeError(
        "here",
        `The proof could not be put into DNS: ${reason}`,
        { cause },
      );
    }
  };
  return {
    type: "dns-01",
    canProve: ({ type, value }) =>
      type === "dns" && (value === base || value.endsWith(`.${base}`)),
    async show({ identifier, authorization }) {
      const bare = identifier.value.replace(/^\*\./, "");
      const below = bare === base ? "" : `.${bare.slice(0, -base.length - 1)}`;
      const name = `_acme-challenge${below}`;
      const value = createHash("sha256").update(authorization)
        .digest("base64url");
      await write(name, [...values.get(name) ?? [], value]);
      return {
        [Symbol.asyncDispose]: () =>
          write(
            name,
            (values.get(name) ?? []).filter((each) => each !== value),
          ),
      };
    },
  };
}

function cannotListen(port: number, cause: unknown): AcmeError {
  const reason = cause instanceof Deno.errors.AddrInUse
    ? "another program uses it"
    : cause instanceof Deno.errors.PermissionDenied
    ? "this user may not"
    : cause instanceof Error
    ? cause.message
    : String(cause);
  return new AcmeError(
    "here",
    `Cannot listen on port ${port}, where the certificate authority looks: ${reason}.`,
    { cause },
  );
}
