/**
 * A small router for tests, that speaks PCP and NAT-PMP at a loopback address.
 *
 * @module
 */

import dgram from "node:dgram";
import { once } from "node:events";
import { ROUTER_PORT } from "./datagram.ts";
import { formatAddress, toSixteenBytes } from "./ip.ts";
import type { RouterLink } from "./mapping.ts";

/** How the router is. */
export interface FakeRouterOptions {
  /** Its address, of 127.0.0.0/8 or `::1`; random unless given. */
  readonly address?: string;
  readonly externalAddress?: string;
  readonly pcp?: boolean;
  readonly natPmp?: boolean;
  /** Result code of PCP's MAP, of NAT-PMP's address and map. */
  readonly results?: { pcp?: number; address?: number; map?: number };
  /** Requests that are not answered, counted from the first. */
  readonly deaf?: number;
  /** Seconds; the longest life of a mapping. */
  readonly maxLifetime?: number;
  /** Ports that others have already. */
  readonly taken?: readonly number[];
}

/** One entry of its table. */
export interface Entry {
  readonly client: string;
  readonly internalPort: number;
  readonly externalPort: number;
  readonly by: "pcp" | "nat-pmp";
  readonly nonce: string;
}

/** The router. Disposing of it closes its socket. */
export class FakeRouter implements AsyncDisposable {
  readonly address: string;
  /** By internal port. */
  readonly table = new Map<number, Entry>();
  /** Each request, as hex. */
  readonly requests: string[] = [];
  readonly #options: FakeRouterOptions;
  readonly #socket: dgram.Socket;
  externalAddress: string;
  /** Who asked last. */
  lastClient: { address: string; port: number } | undefined;
  /** Answers nothing while true. */
  off = false;
  #since = performance.now();
  #age = 1000;

  private constructor(options: FakeRouterOptions) {
    this.#options = options;
    this.address = options.address ?? randomLoopback();
    this.externalAddress = options.externalAddress ?? "11.0.113.2";
    this.#socket = dgram.createSocket(
      this.address.includes(":") ? "udp6" : "udp4",
    );
    this.#socket.on("message", (request, sender) => {
      this.requests.push(request.toString("hex"));
      this.lastClient = sender;
      if (this.off || this.requests.length <= (options.deaf ?? 0)) return;
      const answer = this.#answer(request, sender.address);
      if (answer === undefined) return;
      this.#socket.send(answer, sender.port, sender.address);
    });
  }

  static async start(options: FakeRouterOptions = {}): Promise<FakeRouter> {
    for (let tries = 0;; tries++) {
      const router = new FakeRouter(options);
      router.#socket.bind(ROUTER_PORT, router.address);
      try {
        await once(router.#socket, "listening");
        return router;
      } catch (error) {
        // Another test has the address just now.
        if (tries === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** The way from this machine to it. */
  get link(): RouterLink {
    return {
      gateway: this.address,
      localAddress: this.address.includes(":") ? "::1" : "127.0.0.1",
      interfaceName: "lo",
    };
  }

  /** Forgets all, and begins its clock anew. */
  restart(): void {
    this.table.clear();
    this.#since = performance.now();
    this.#age /= 2;
  }

  /** Sends bytes from the router's port. */
  send(bytes: Uint8Array, to: { address: string; port: number }): void {
    this.#socket.send(bytes, to.port, to.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  /** Seconds; goes back with each restart, however short the test is. */
  get #epoch(): number {
    return Math.floor((performance.now() - this.#since) / 1000 + this.#age);
  }

  #answer(request: Uint8Array, client: string): Uint8Array | undefined {
    const { pcp = true, natPmp = true } = this.#options;
    if (request[0] === 2) {
      if (pcp) return this.#answerPcp(request, client);
      // RFC 6886 section 3.5: "unsupported version" in its own version.
      return natPmp
        ? Uint8Array.of(0, 0x80 | request[1], 0, 1, 0, 0, 0, 9)
        : undefined;
    }
    return natPmp ? this.#answerNatPmp(request, client) : undefined;
  }

  #answerPcp(request: Uint8Array, client: string): Uint8Array {
    const answer = Uint8Array.from(request);
    const view = new DataView(answer.buffer);
    const asked = new DataView(request.buffer, request.byteOffset);
    answer[1] |= 0x80;
    answer[2] = 0;
    answer[3] = 0;
    view.setUint32(8, this.#epoch);
    answer.fill(0, 12, 24);
    if (formatAddress(request.subarray(8, 24)) !== client) answer[3] = 12;
    else if (request[1] === 1) answer[3] = this.#options.results?.pcp ?? 0;
    if (request[1] !== 1 || answer[3] !== 0) return answer;
    const nonce = answer.slice(24, 36).toString();
    const internalPort = asked.getUint16(40);
    const known = this.table.get(internalPort);
    if (known?.by === "pcp" && known.nonce !== nonce) {
      answer[3] = 2;
      return answer;
    }
    const lifetime = this.#life(asked.getUint32(4));
    view.setUint32(4, lifetime);
    const externalPort = this.#keep(lifetime, {
      client,
      internalPort,
      externalPort: asked.getUint16(42),
      by: "pcp",
      nonce,
    });
    view.setUint16(42, externalPort);
    answer.set(
      toSixteenBytes(client.includes(":") ? client : this.externalAddress),
      44,
    );
    return answer;
  }

  #answerNatPmp(request: Uint8Array, client: string): Uint8Array | undefined {
    const asked = new DataView(request.buffer, request.byteOffset);
    const { results } = this.#options;
    const answer = new Uint8Array(request[1] === 0 ? 12 : 16);
    const view = new DataView(answer.buffer);
    answer[1] = 0x80 | request[1];
    view.setUint32(4, this.#epoch);
    if (request[1] === 0) {
      view.setUint16(2, results?.address ?? 0);
      answer.set(this.externalAddress.split(".").map(Number), 8);
      return answer;
    }
    if (request[1] !== 2 || request.length < 12) return undefined;
    view.setUint16(2, results?.map ?? 0);
    const internalPort = asked.getUint16(4);
    view.setUint16(8, internalPort);
    if (results?.map !== undefined) return answer;
    const lifetime = this.#life(asked.getUint32(8));
    view.setUint16(
      10,
      this.#keep(lifetime, {
        client,
        internalPort,
        externalPort: asked.getUint16(6),
        by: "nat-pmp",
        nonce: "",
      }),
    );
    view.setUint32(12, lifetime);
    return answer;
  }

  #life(asked: number): number {
    return Math.min(asked, this.#options.maxLifetime ?? 86_400);
  }

  #keep(lifetime: number, entry: Entry): number {
    if (lifetime === 0) {
      this.table.delete(entry.internalPort);
      return 0;
    }
    const externalPort = this.#options.taken?.includes(entry.externalPort)
      ? entry.externalPort + 20_000
      : entry.externalPort;
    this.table.set(entry.internalPort, { ...entry, externalPort });
    return externalPort;
  }
}

/** A loopback address that no other test uses at the same time. */
export function randomLoopback(): string {
  const [a, b] = crypto.getRandomValues(new Uint8Array(2));
  return `127.${a % 250 + 2}.${b}.10`;
}

/** Waits until `ready` is true. */
export async function until(
  ready: () => boolean,
  milliseconds = 10_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!ready()) {
    if (performance.now() > end) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
