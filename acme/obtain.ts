/**
 * From names to a certificate.
 *
 * @module
 */

import { certificateRequest } from "./certificates.ts";
import type { AcmeClient, Challenge, Order, OrderRequest } from "./client.ts";
import { AcmeError } from "./error.ts";
import { generateP256 } from "./jws.ts";
import type { Credentials, Solver } from "./solver.ts";
import type { AccountKey } from "./jws.ts";

/** What {@link obtainCertificate} needs. */
export interface ObtainOptions {
  readonly client: AcmeClient;
  readonly key: AccountKey;
  readonly request: OrderRequest;
  /** Ways to prove the names, the best first. */
  readonly solvers: readonly Solver[];
}

/**
 * Gets a certificate with a new key. Where one way to prove the names fails,
 * the next one is tried, with an order of its own.
 *
 * @throws {AcmeError}
 */
export async function obtainCertificate(
  options: ObtainOptions,
): Promise<Credentials> {
  const { identifiers } = options.request;
  const able = options.solvers.filter((solver) =>
    identifiers.every((each) => solver.canProve(each))
  );
  let failure: AcmeError | undefined;
  for (const solver of able) {
    try {
      return await obtainBy(solver, options);
    } catch (error) {
      const canGoOn = error instanceof AcmeError &&
        (error.kind === "not proven" || error.kind === "here");
      if (!canGoOn) throw error;
      // What the CA says is of more use than what this machine lacks.
      if (failure === undefined || error.kind === "not proven") failure = error;
    }
  }
  throw failure ?? new AcmeError(
    "here",
    "There is no way to prove to the certificate authority that " +
      `${identifiers.map(({ value }) => value).join(", ")} is this machine.`,
  );
}

async function obtainBy(
  solver: Solver,
  { client, key, request }: ObtainOptions,
): Promise<Credentials> {
  const order = await orderOf(client, request);
  for (const url of order.authorizations) {
    const authorization = await client.authorization(url);
    if (authorization.status === "valid") continue;
    const { identifier, challenges } = authorization;
    const challenge = challenges.find(({ type }) => type === solver.type);
    if (authorization.status !== "pending" || challenge === undefined) {
      throw new AcmeError(
        "not proven",
        `The CA does not take ${solver.type} for ${identifier.value}.`,
      );
    }
    await prove(challenge, { client, key, solver, identifier, url });
  }
  const leafKey = generateP256();
  const csr = certificateRequest(request.identifiers, leafKey);
  const certificates = await client.finalize(order, csr);
  return {
    certificates,
    key: leafKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** A CA that does not know (any more) what is replaced gets a plain order. */
async function orderOf(
  client: AcmeClient,
  request: OrderRequest,
): Promise<Order> {
  try {
    return await client.order(request);
  } catch (error) {
    const isAboutIt = error instanceof AcmeError && error.kind === "refused" &&
      request.replaces !== undefined;
    if (!isAboutIt) throw error;
    return await client.order({ ...request, replaces: undefined });
  }
}

async function prove(
  challenge: Challenge,
  { client, key, solver, identifier, url }: {
    readonly client: AcmeClient;
    readonly key: AccountKey;
    readonly solver: Solver;
    readonly identifier: OrderRequest["identifiers"][number];
    readonly url: string;
  },
): Promise<void> {
  const { token } = challenge;
  await using _shown = await solver.show({
    identifier,
    token,
    authorization: key.authorization(token),
  });
  await client.ready(challenge);
  const { status, problem } = await client.proven(url);
  if (status === "valid") return;
  throw new AcmeError(
    "not proven",
    `The CA could not see the proof for ${identifier.value}: ${
      problem ?? status
    }`,
  );
}
