/**
 * A router on the loopback interface for tests: answers searches, serves its
 * description, keeps a table of port forwards and openings.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import type { RouterLink } from "../../mapping.ts";
import type { SearchTarget } from "../ssdp_search.ts";
import { parseXml } from "../xml.ts";
import { describeRouter } from "./descriptions.ts";

/** Arguments of an action. */
export type Arguments = Readonly<Record<string, string>>;
/** What an action answers: arguments, or an error code. */
export type Outcome = Arguments | number;

/** An entry of the table. */
export interface Entry {
  readonly client: string;
  readonly internalPort: string;
  readonly lease: string;
  readonly description: string;
}

/** A link to a router on the loopback interface. */
export const loopback: RouterLink = {
  gateway: "127.0.0.1",
  localAddress: "127.0.0.1",
  interfaceName: "lo",
};

/** How the router differs from a good one. */
export interface FakeOptions {
  readonly description?: string;
  /** Overrules an action. */
  readonly actions?: Readonly<
    Record<string, (input: Arguments, path: string) => Outcome | undefined>
  >;
  /** Overrules any HTTP answer. */
  readonly http?: (request: Request) => Response | undefined;
  /** Datagrams that answer a search; default: one that names the description. */
  readonly answer?: (location: string) => readonly string[];
  readonly device?: "InternetGatewayDevice:1" | "InternetGatewayDevice:2";
}

/** A router that runs. */
export class FakeRouter implements AsyncDisposable {
  readonly table = new Map<string, Entry>();
  /** Openings of the IPv6 firewall, by number. */
  readonly pinholes = new Map<string, Arguments>();
  /** Actions asked, in order. */
  readonly asked: string[] = [];
  /** Requests for the description. */
  described = 0;
  externalAddress = "203.0.113.2";
  readonly #options: FakeOptions;
  readonly #socket: Socket;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #nextId = 1;

  static async start(options: FakeOptions = {}): Promise<FakeRouter> {
    const socket = createSocket({ type: "udp4" });
    await new Promise<void>((resolve) =>
      socket.bind({ port: 0, address: "127.0.0.1" }, resolve)
    );
    return new FakeRouter(options, socket);
  }

  private constructor(options: FakeOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#serve(request),
    );
    socket.on("message", (_: unknown, from: { port: number }) => {
      for (const datagram of this.#answers()) {
        socket.send(datagram, from.port, "127.0.0.1");
      }
    });
  }

  get location(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/desc.xml`;
  }

  get searchTargets(): () => readonly SearchTarget[] {
    const { port } = this.#socket.address();
    return () => [{ address: "127.0.0.1", port }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) =>
      this.#socket.once("close", resolve)
    );
    this.#socket.close();
    await closed;
    await this.#server.shutdown();
  }

  #answers(): readonly string[] {
    const { answer, device = "InternetGatewayDevice:2" } = this.#options;
    return answer?.(this.location) ??
      [searchAnswer(this.location, `urn:schemas-upnp-org:device:${device}`)];
  }

  async #serve(request: Request): Promise<Response> {
    const overruled = this.#options.http?.(request);
    if (overruled !== undefined) return overruled;
    const url = new URL(request.url);
    if (request.method === "GET") {
      this.described++;
      return new Response(this.#options.description ?? describeRouter());
    }
    const header = request.headers.get("soapaction") ?? "";
    const action = /^"urn:[\w:.-]+#(\w+)"$/.exec(header)?.[1] ?? "";
    const envelope = parseXml(await request.text());
    const call = envelope?.children[0].children[0];
    const input: Record<string, string> = {};
    for (const one of call?.children ?? []) input[one.name] = one.text;
    this.asked.push(action);
    const outcome = this.#options.actions?.[action]?.(input, url.pathname) ??
      this.#act(action, input);
    return typeof outcome === "number"
      ? fault(outcome)
      : success(action, outcome);
  }

  #act(action: string, input: Arguments): Outcome {
    const { NewExternalPort: port, UniqueID: id } = input;
    switch (action) {
      case "GetStatusInfo":
        return { NewConnectionStatus: "Connected", NewUptime: "100" };
      case "GetExternalIPAddress":
        return { NewExternalIPAddress: this.externalAddress };
      case "AddPortMapping":
      case "AddAnyPortMapping": {
        const known = this.table.get(port);
        let granted = port;
        if (known && known.client !== input.NewInternalClient) {
          if (action === "AddPortMapping") return 718;
          granted = String(Number(port) + 1);
        }
        this.table.set(granted, {
          client: input.NewInternalClient,
          internalPort: input.NewInternalPort,
          lease: input.NewLeaseDuration,
          description: input.NewPortMappingDescription,
        });
        return action === "AddPortMapping" ? {} : { NewReservedPort: granted };
      }
      case "GetSpecificPortMappingEntry": {
        const entry = this.table.get(port);
        return entry === undefined ? 714 : {
          NewInternalPort: entry.internalPort,
          NewInternalClient: entry.client,
          NewEnabled: "1",
          NewPortMappingDescription: entry.description,
          NewLeaseDuration: entry.lease,
        };
      }
      case "DeletePortMapping":
        return this.table.delete(port) ? {} : 714;
      case "GetFirewallStatus":
        return { FirewallEnabled: "1", InboundPinholeAllowed: "1" };
      case "AddPinhole": {
        const next = String(this.#nextId++);
        this.pinholes.set(next, input);
        return { UniqueID: next };
      }
      case "UpdatePinhole":
        return this.pinholes.has(id) ? {} : 704;
      case "DeletePinhole":
        return this.pinholes.delete(id) ? {} : 704;
      case "CheckPinholeWorking":
        return this.pinholes.has(id) ? { IsWorking: "1" } : 704;
      case "GetPinholePackets":
        return this.pinholes.has(id) ? { PinholePackets: "0" } : 704;
      default:
        return 401;
    }
  }
}

/** An answer to a search. */
export function searchAnswer(location: string, target: string): string {
  return "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n" +
    `ST: ${target}\r\nUSN: uuid:1::${target}\r\nEXT:\r\n` +
    `SERVER: Fake/1 UPnP/1.1 Fake/1\r\nLOCATION: ${location}\r\n` +
    "BOOTID.UPNP.ORG: 1\r\nCONFIGID.UPNP.ORG: 1337\r\n\r\n";
}

function success(action: string, output: Arguments): Response {
  const inner = Object.entries(output)
    .map(([name, value]) => `<${name}>${value}</${name}>`).join("");
  return envelope(
    `<u:${action}Response xmlns:u="urn:x">${inner}</u:${action}Response>`,
    200,
  );
}

function fault(code: number): Response {
  return envelope(
    "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring>" +
      '<detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">' +
      `<errorCode>${code}</errorCode><errorDescription>No</errorDescription>` +
      "</UPnPError></detail></s:Fault>",
    500,
  );
}

function envelope(body: string, status: number): Response {
  return new Response(
    '<?xml version="1.0"?>\r\n<s:Envelope ' +
      'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
      's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">' +
      `<s:Body>${body}</s:Body></s:Envelope>`,
    { status, headers: { "content-type": "text/xml" } },
  );
}
