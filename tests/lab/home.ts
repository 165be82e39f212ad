/**
 * A home: a box, a switch, and a router that can fail, restart, get another
 * address and be replaced.
 *
 * The switch is a bridge in the namespace of the internet, so that the box keeps
 * its interface whatever happens to the router.
 *
 * @module
 */

import { join } from "node:path";
import {
  BETWEEN,
  HOME,
  homeAddress,
  homePrefix6,
  INTERNET,
  PUBLIC_PLACES,
  publicAddress,
  publicAddress6,
} from "./addresses.ts";
import { runCommand } from "./command.ts";
import { lapse } from "./lapse.ts";
import {
  addNamespace,
  ipBatch,
  removeNamespace,
  setResolver,
} from "./namespaces.ts";
import {
  forwardPort,
  type RouterPlace,
  setUpRouter,
  startMapping,
} from "./router.ts";
import { carrierServices, homeServices } from "./services.ts";
import type { Forward, HomeOptions, Variant } from "./variants.ts";

/** What a home needs of its lab. */
export interface HomeSite {
  readonly prefix: string;
  /** Directory for files of this lab. */
  readonly directory: string;
}

/** What is kept of a home, to find it again. */
export interface HomeState {
  readonly number: number;
  readonly options: HomeOptions;
  readonly changes: number;
}

/** A home at a lab's internet. */
export class Home {
  /** 1 for the first. */
  readonly number: number;
  /** The box's place: `box1`. */
  readonly box: string;
  /** The home's router: `router1`. */
  readonly router: string;
  /** The router outside of it, in `double` and `cgnat`: `carrier1`. */
  readonly carrier: string;
  readonly #site: HomeSite;
  #options: HomeOptions;
  #changes: number;
  #boxAddresses: string | undefined;

  constructor(site: HomeSite, state: HomeState) {
    this.#site = site;
    this.number = state.number;
    this.#options = state.options;
    this.#changes = state.changes;
    this.box = `box${state.number}`;
    this.router = `router${state.number}`;
    this.carrier = `carrier${state.number}`;
  }

  /** The kind of router it has now. */
  get variant(): Variant {
    return this.#options.variant;
  }

  /** IPv4 address by which the internet sees this home. */
  get publicAddress(): string {
    return publicAddress(this.#lastPart);
  }

  /** The box's own IPv4 address. */
  get boxAddress(): string {
    return this.variant === "public" ? this.publicAddress : HOME.box;
  }

  /** The box's global IPv6 address, if it has one. */
  get boxAddress6(): string | undefined {
    if (!this.#ipv6) return undefined;
    return this.variant === "public"
      ? publicAddress6(this.#lastPart)
      : `${homePrefix6(this.number)}:2`;
  }

  /** What is needed to find this home again. */
  get state(): HomeState {
    const { number } = this;
    return { number, options: this.#options, changes: this.#changes };
  }

  /** Makes box, switch and router. */
  async build(): Promise<void> {
    const net = this.#name("net");
    const box = this.#name(this.box);
    await addNamespace(box);
    await setResolver(box, publicAddress(PUBLIC_PLACES.resolver));
    await ipBatch(net, [
      `link add ${this.#switch} type bridge`,
      `link set ${this.#switch} up`,
    ]);
    await ipBatch(undefined, [
      `link add eth0 netns ${box} type veth peer name ${
        this.#port("b")
      } netns ${net}`,
    ]);
    await ipBatch(net, [
      `link set ${this.#port("b")} master ${this.#switch} up`,
    ]);
    await this.#setBoxAddresses();
    await this.#addRouter();
  }

  /** The router is switched off. */
  async stopRouter(): Promise<void> {
    const net = this.#name("net");
    // Its cables first: a namespace's own interfaces go some time after it.
    for (const port of ["r", "w"]) {
      await runCommand(["ip", "-n", net, "link", "del", this.#port(port)]);
    }
    await Promise.all([
      removeNamespace(this.#name(this.router)),
      removeNamespace(this.#name(this.carrier)),
    ]);
  }

  /** The router is switched on again; it remembers no mapping. */
  async startRouter(): Promise<void> {
    await this.#addRouter();
  }

  /** Off and on again. */
  async restartRouter(): Promise<void> {
    await this.stopRouter();
    await this.startRouter();
  }

  /** Another router in its place; the home has another address after that. */
  async replaceRouter(options: HomeOptions | Variant): Promise<void> {
    await this.stopRouter();
    this.#options = typeof options === "string"
      ? { variant: options }
      : options;
    this.#changes++;
    await this.#setBoxAddresses();
    await this.#addRouter();
  }

  /** The internet gives this home another IPv4 address. */
  async changeExternalAddress(): Promise<void> {
    const before = this.publicAddress;
    this.#changes++;
    const [place, device] = this.variant === "public"
      ? [this.box, "eth0"]
      : [this.#hasTwoRouters ? this.carrier : this.router, "wan"];
    await ipBatch(this.#name(place), [
      `addr del ${before}/24 dev ${device}`,
      `addr add ${this.publicAddress}/24 dev ${device}`,
      `route replace default via ${publicAddress(INTERNET)}`,
    ]);
  }

  /** All mappings lapse, although nobody asked. */
  async expireLeases(): Promise<void> {
    if (this.variant === "public") return;
    await lapse({
      namespace: this.#name(this.router),
      services: homeServices(this.#options, this.publicAddress),
      guest: this.#name(this.box),
      guestAddress: HOME.box,
      routerAddress: HOME.router,
    });
    if (this.variant !== "double") return;
    await lapse({
      namespace: this.#name(this.carrier),
      services: carrierServices(this.#options),
      guest: this.#name(this.router),
      guestAddress: BETWEEN.double.inner,
      routerAddress: BETWEEN.double.outer,
    });
  }

  /** The owner forwards a port on the router's page, for good. */
  async forward(external: number, internal = external): Promise<void> {
    const forward = { external, internal };
    const before = this.#options.forward ?? [];
    this.#options = { ...this.#options, forward: [...before, forward] };
    await this.#forward(forward);
  }

  /** What the router's mapping daemon wrote since it started. */
  async routerLog(): Promise<string> {
    const { directory } = this.#place(this.router);
    return await Deno.readTextFile(join(directory, "log"));
  }

  async #addRouter(): Promise<void> {
    if (this.variant === "public") {
      const [inside, outside] = [this.#port("r"), this.#port("w")];
      return await ipBatch(this.#name("net"), [
        `link add ${inside} type veth peer name ${outside}`,
        `link set ${inside} master ${this.#switch} up`,
        `link set ${outside} master internet up`,
      ]);
    }
    if (this.#hasTwoRouters) await this.#addCarrier();
    await this.#addHomeRouter();
    for (const port of this.#options.forward ?? []) await this.#forward(port);
  }

  async #forward(forward: Forward | number): Promise<void> {
    const { external, internal } = typeof forward === "number"
      ? { external: forward, internal: forward }
      : forward;
    await forwardPort(this.#place(this.router), {
      external,
      internal,
      address: HOME.box,
    });
  }

  async #setBoxAddresses(): Promise<void> {
    const gateway = this.variant === "public"
      ? publicAddress(INTERNET)
      : HOME.router;
    const gateway6 = this.variant === "public"
      ? publicAddress6(INTERNET)
      : HOME.router6;
    const addresses = `${this.boxAddress} ${this.boxAddress6}`;
    if (addresses === this.#boxAddresses) return;
    this.#boxAddresses = addresses;
    await ipBatch(this.#name(this.box), [
      "addr flush dev eth0",
      // Down and up: the link-local address comes back.
      "link set eth0 down",
      "link set eth0 up",
      `addr add ${this.boxAddress}/24 dev eth0`,
      `route add default via ${gateway}`,
      ...this.#ipv6
        ? [
          `addr add ${this.boxAddress6}/64 dev eth0 nodad`,
          `route add ::/0 via ${gateway6} dev eth0`,
        ]
        : [],
    ]);
  }

  /** The outer router of two. */
  async #addCarrier(): Promise<void> {
    const namespace = this.#name(this.carrier);
    const between = BETWEEN[this.variant === "cgnat" ? "cgnat" : "double"];
    await addNamespace(namespace);
    await this.#connectOutside(namespace);
    const router = this.#name(this.router);
    await addNamespace(router);
    await ipBatch(undefined, [
      `link add wan netns ${router} address ${this.#mac(3)} type veth ` +
      `peer name lan address ${this.#mac(4)} netns ${namespace}`,
    ]);
    await ipBatch(namespace, [
      "link set lan up",
      `addr add ${between.outer}/24 dev lan`,
    ]);
    await ipBatch(router, [
      "link set wan up",
      `addr add ${between.inner}/24 dev wan`,
      `route add default via ${between.outer}`,
    ]);
    const services = carrierServices(this.#options);
    const place = this.#place(this.carrier);
    await setUpRouter(place, {
      randomPorts: this.#options.randomPorts,
      services,
    });
    await startMapping(place, services);
  }

  async #addHomeRouter(): Promise<void> {
    const namespace = this.#name(this.router);
    if (!this.#hasTwoRouters) {
      await addNamespace(namespace);
      await this.#connectOutside(namespace);
    }
    const net = this.#name("net");
    await ipBatch(undefined, [
      `link add lan netns ${namespace} address ${this.#mac(1)} type veth ` +
      `peer name ${this.#port("r")} netns ${net}`,
    ]);
    await ipBatch(net, [
      `link set ${this.#port("r")} master ${this.#switch} up`,
    ]);
    const place = this.#place(this.router);
    const services = homeServices(this.#options, this.publicAddress);
    await setUpRouter(place, {
      randomPorts: this.#options.randomPorts,
      services,
    });
    await ipBatch(namespace, [
      "link set lan addrgenmode none",
      "link set lan up",
      `addr add ${HOME.router}/24 dev lan`,
      ...this.#ipv6
        ? [
          `addr add ${HOME.router6}/64 dev lan nodad`,
          `addr add ${homePrefix6(this.number)}:1/64 dev lan nodad`,
        ]
        : [],
    ]);
    await startMapping(place, services);
  }

  /** Connects a router to the internet, at the home's public address. */
  async #connectOutside(namespace: string): Promise<void> {
    const net = this.#name("net");
    const address6 = publicAddress6(this.#lastPart);
    await ipBatch(undefined, [
      `link add wan netns ${namespace} address ${this.#mac(2)} type veth ` +
      `peer name ${this.#port("w")} netns ${net}`,
    ]);
    await ipBatch(namespace, [
      "link set wan up",
      `addr add ${this.publicAddress}/24 dev wan`,
      `route add default via ${publicAddress(INTERNET)}`,
      ...this.#ipv6
        ? [
          `addr add ${address6}/64 dev wan nodad`,
          `route add ::/0 via ${publicAddress6(INTERNET)}`,
        ]
        : [],
    ]);
    await ipBatch(net, [
      `link set ${this.#port("w")} master internet up`,
      ...this.#ipv6
        ? [
          `route replace ${homePrefix6(this.number)}:/64 via ${address6}`,
        ]
        : [],
    ]);
  }

  get #hasTwoRouters(): boolean {
    return this.variant === "double" || this.variant === "cgnat";
  }

  get #ipv6(): boolean {
    if (this.#hasTwoRouters) return false;
    return this.#options.ipv6 ??
      (this.variant === "igd2" || this.variant === "public");
  }

  get #lastPart(): number {
    return homeAddress(this.number, this.#changes);
  }

  get #switch(): string {
    return `home${this.number}`;
  }

  #port(name: string): string {
    return `h${this.number}-${name}`;
  }

  #name(place: string): string {
    return `${this.#site.prefix}-${place}`;
  }

  #place(place: string): RouterPlace {
    const namespace = this.#name(place);
    return { namespace, directory: join(this.#site.directory, place) };
  }

  /** Hardware addresses stay when a router is made anew. */
  #mac(device: number): string {
    const home = this.number.toString(16).padStart(2, "0");
    return `02:00:00:00:${home}:0${device}`;
  }
}
