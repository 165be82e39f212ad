/**
 * What a router is asked for, and what it grants: shared by PCP, NAT-PMP and
 * UPnP.
 *
 * @module
 */

/** How a router is asked. */
export type MappingMethod = "pcp" | "nat-pmp" | "upnp";

/** Who to ask, and from where. */
export interface RouterLink {
  /** The router's address; link-local IPv6 with its zone (`fe80::1%eth0`). */
  readonly gateway: string;
  /**
   * Address that the mapping leads to: this machine's, or for a router behind
   * the first one (double NAT) the first router's address outside.
   */
  readonly localAddress: string;
  /**
   * This machine's address to ask from, where that is not `localAddress`
   * (double NAT). The router is then not on this network: multicast does not
   * reach it, and it is asked at `gateway` alone.
   */
  readonly sendFrom?: string;
  /** Interface that leads to the router. */
  readonly interfaceName: string;
}

/** A port that shall be reachable from outside. TCP, always. */
export interface MappingRequest {
  /** Port on this machine. */
  readonly internalPort: number;
  /** Port wished for outside; the router may grant another. */
  readonly externalPort: number;
  /** Wished life of the mapping, seconds. */
  readonly lifetimeSeconds: number;
}

/** A mapping that a router has granted. */
export interface Mapping {
  readonly method: MappingMethod;
  /** IPv4: a port forwarded; IPv6: a pinhole in the firewall. */
  readonly family: 4 | 6;
  /** Address outside as the router sees it; need not be reachable. */
  readonly externalAddress: string;
  readonly externalPort: number;
  readonly internalPort: number;
  /** Seconds it was granted for; `undefined`: until it is removed. */
  readonly lifetimeSeconds: number | undefined;
  /** The router's name for people, if it told one. */
  readonly router: string | undefined;
  /** Grants it again for as long; the result may have another address or port. */
  renew(signal: AbortSignal): Promise<Mapping>;
  /** Takes it back. */
  remove(signal: AbortSignal): Promise<void>;
  /**
   * Whether the router still knows it, as far as that can be found out with one
   * small question: false when it forgot (it restarted) or has another address
   * outside now.
   *
   * @throws {MappingError} `no answer` when the router does not answer
   */
  check(signal: AbortSignal): Promise<boolean>;
}

/** Why there is no mapping. */
export type MappingFailure =
  /** Nothing answers this protocol. */
  | "no answer"
  /** It answers, and does not allow this (switched off, not permitted). */
  | "refused"
  /** The router itself has no public address, and says so. */
  | "no public address"
  /** No port is left, or the one asked for is taken. */
  | "no resources"
  /** It answers what the protocol does not allow. */
  | "bad answer"
  /** This machine has no route to a router. */
  | "no network";

/** A mapping could not be had, renewed or removed. */
export class MappingError extends Error {
  override readonly name = "MappingError";
  readonly failure: MappingFailure;
  /** Result or error code of the protocol, for those who know it. */
  readonly code: number | undefined;

  constructor(
    failure: MappingFailure,
    message: string,
    options?: ErrorOptions & { readonly code?: number },
  ) {
    super(message, options);
    this.failure = failure;
    this.code = options?.code;
  }
}

/** One protocol that routers are asked with. */
export interface PortMapper {
  readonly method: MappingMethod;
  /**
   * Asks the router for a mapping of the family of `link`.
   *
   * @throws {MappingError} when there is none to be had
   */
  map(
    request: MappingRequest,
    options: { readonly link: RouterLink; readonly signal: AbortSignal },
  ): Promise<Mapping>;
  /**
   * Calls `onSign` when the router of `link` says something about itself that
   * may mean it forgot its mappings (it started, its address changed). Listens
   * until `signal` ends; resolves when the sockets are closed. Hearing nothing,
   * and not being able to listen, are no errors: mappings are also checked.
   */
  listen?(
    options: {
      readonly link: RouterLink;
      readonly onSign: () => void;
      readonly signal: AbortSignal;
    },
  ): Promise<void>;
}
