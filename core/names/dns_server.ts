/**
 * Answers DNS over UDP and TCP for a core's domain.
 *
 * Everything is bounded: questions of one network in a second, connections,
 * their questions and their time. No address is kept longer than the rate needs
 * it, and then as a hash.
 *
 * @module
 */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv4, isIPv6 } from "node:net";
import { answerQuery, type Zone } from "./answer.ts";
import type { NameTable } from "./name_table.ts";
import { NetworkLimit } from "./network_limit.ts";
import { TcpService } from "./tcp_service.ts";

/** Longest question over UDP, bytes: a name and a few options. */
const MAX_QUESTION = 1232;
/**
 * Of a network that asks too much, one question in so many is answered with
 * "ask over TCP": it may be a resolver whose address somebody forges.
 */
const SLIP = 3;

/** Options of {@link DnsServer}. */
export interface DnsServerOptions {
  readonly domain: string;
  readonly names: NameTable;
  /** Public addresses of this core. */
  readonly addresses: readonly string[];
  /** Names of the domain's name servers; none: `ns1` below it. */
  readonly nameServers: readonly string[];
  /** Who may issue certificates below the domain; default Let's Encrypt. */
  readonly authorities?: readonly string[];
  readonly listen: readonly {
    readonly hostname: string;
    readonly port: number;
  }[];
  /** Told what goes wrong here, never what somebody asked. */
  readonly onError: (error: unknown) => void;
}

/** Answers from `start` to `stop`. */
export class DnsServer implements AsyncDisposable {
  readonly #options: DnsServerOptions;
  readonly #zone: Zone;
  readonly #limit = new NetworkLimit();
  readonly #sockets: Socket[] = [];
  readonly #tcp: TcpService;
  #questions = 0;
  #dropped = 0;
  /** Questions of networks that ask too much. */
  #beyond = 0;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    const { domain, names, addresses, nameServers, authorities } = options;
    this.#zone = {
      domain,
      names,
      core: {
        a: addresses.filter((each) => isIPv4(each)),
        aaaa: addresses.filter((each) => isIPv6(each)),
      },
      nameServers: nameServers.length > 0
        ? nameServers.map((each) => each.toLowerCase())
        : [`ns1.${domain}`],
      authorities: authorities ?? ["letsencrypt.org"],
      serial: Math.floor(Date.now() / 1000) >>> 0,
    };
    this.#tcp = new TcpService({
      answer: (message) => {
        this.#questions++;
        return answerQuery(message, this.#zone, { transport: "tcp" });
      },
    });
  }

  /** Port that it answers on. */
  get port(): number {
    return this.#tcp.port;
  }

  /** Numbers since the start, by name. */
  counts(): Record<string, number> {
    return { dnsQuestions: this.#questions, dnsDropped: this.#dropped };
  }

  /**
   * Listens on all addresses.
   *
   * @throws {Error} of the system when a port is taken or not allowed
   */
  async start(): Promise<void> {
    try {
      for (const { hostname, port } of this.#options.listen) {
        const actual = this.#tcp.listen(hostname, port || this.#knownPort());
        if (actual === undefined) continue;
        this.#sockets.push(await this.#openUdp(hostname, actual));
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all([
      this.#tcp.stop(),
      ...this.#sockets.splice(0).map(closed),
    ]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** All addresses share a port, also one that the system chose. */
  #knownPort(): number {
    return this.#tcp.port;
  }

  #openUdp(hostname: string, port: number): Promise<Socket> {
    const six = hostname.includes(":");
    const socket = createSocket({ type: six ? "udp6" : "udp4", ipv6Only: six });
    socket.on("message", (message, from) => this.#onUdp(message, socket, from));
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    socket.once("error", reject);
    socket.bind({ port, address: hostname }, () => {
      socket.off("error", reject);
      socket.on("error", this.#options.onError);
      resolve(socket);
    });
    return promise;
  }

  #onUdp(message: Uint8Array, socket: Socket, from: RemoteInfo): void {
    const within = this.#limit.take(from.address);
    // Nobody asks from port 0, and a reply there cannot be sent.
    const silent = from.port === 0 || message.length > MAX_QUESTION ||
      (!within && ++this.#beyond % SLIP !== 0);
    if (silent) {
      this.#dropped++;
      return;
    }
    this.#questions++;
    try {
      const answer = answerQuery(message, this.#zone, {
        transport: "udp",
        cut: !within,
      });
      if (answer === undefined) return;
      socket.send(answer, from.port, from.address, () => {
        // Lost like any datagram; the resolver asks again.
      });
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}
