/**
 * An internet in a box: homes with real routers, a core, a client and a
 * resolver at public addresses, all in network namespaces of their own.
 *
 * @module
 */

import { join } from "node:path";
import {
  INTERNET,
  MAX_HOMES,
  PUBLIC_PLACES,
  publicAddress,
  publicAddress6,
} from "./addresses.ts";
import {
  type CommandOptions,
  type CommandOutput,
  runCommand,
} from "./command.ts";
import { Home, type HomeState } from "./home.ts";
import {
  addNamespace,
  inNamespace,
  ipBatch,
  listNamespaces,
  removeNamespace,
  setKernel,
  setResolver,
} from "./namespaces.ts";
import { labCache, labTools } from "./tools.ts";
import type { HomeOptions, Variant } from "./variants.ts";

/** How a lab is built: the first home, or all of them. */
export interface LabOptions extends Partial<HomeOptions> {
  /** Beginning of the names of its namespaces; random unless given. */
  readonly prefix?: string;
  /** Homes; one of the kind given otherwise. */
  readonly homes?: readonly (HomeOptions | Variant)[];
}

/** A running lab. Disposing of it ends everything in it and removes it. */
export class Lab implements AsyncDisposable {
  readonly prefix: string;
  readonly homes: Home[] = [];
  readonly #directory: string;

  private constructor(prefix: string) {
    this.prefix = prefix;
    this.#directory = runDirectory(prefix);
  }

  /** See {@link buildLab}. */
  static async build(options: LabOptions): Promise<Lab> {
    const lab = new Lab(options.prefix ?? randomPrefix());
    try {
      await removeLab(lab.prefix);
      await removeAbandoned();
      await Deno.mkdir(lab.#directory, { recursive: true });
      await lab.#addInternet();
      const homes = options.homes ??
        (options.variant ? [{ ...options, variant: options.variant }] : []);
      for (const home of homes) await lab.addHome(home);
      return lab;
    } catch (error) {
      await removeLab(lab.prefix);
      throw error;
    }
  }

  /**
   * A lab that another process built.
   *
   * @throws {Deno.errors.NotFound} when there is none of this name
   */
  static async open(prefix: string): Promise<Lab> {
    const lab = new Lab(prefix);
    const states: HomeState[] = JSON.parse(
      await Deno.readTextFile(lab.#stateFile),
    );
    for (const state of states) lab.homes.push(new Home(lab.#site, state));
    return lab;
  }

  /** The first home. */
  get home(): Home {
    if (this.homes.length === 0) throw new Error("this lab has no home");
    return this.homes[0];
  }

  /** One more home. */
  async addHome(options: HomeOptions | Variant): Promise<Home> {
    const number = this.homes.length + 1;
    if (number > MAX_HOMES) throw new Error("no address is left for a home");
    const home = new Home(this.#site, {
      number,
      options: typeof options === "string" ? { variant: options } : options,
      changes: 0,
    });
    await home.build();
    this.homes.push(home);
    await this.save();
    return home;
  }

  /** IPv4 address of a place: `core`, `client`, `resolver`, `box`, `box2` … */
  address(place: string): string {
    if (isPublic(place)) return publicAddress(PUBLIC_PLACES[place]);
    return this.#homeOfBox(place).boxAddress;
  }

  /** Global IPv6 address of a place, if it has one. */
  address6(place: string): string | undefined {
    if (isPublic(place)) return publicAddress6(PUBLIC_PLACES[place]);
    return this.#homeOfBox(place).boxAddress6;
  }

  /** Starts a program in a place; its output is piped, its input empty. */
  spawn(
    place: string,
    command: string,
    { args = [], env, cwd }: {
      args?: readonly string[];
      env?: Record<string, string>;
      cwd?: string;
    } = {},
  ): Deno.ChildProcess {
    const [program, ...rest] = this.command(place, [command, ...args]);
    return new Deno.Command(program, {
      args: rest,
      env,
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a command in a place to its end. */
  async run(
    place: string,
    command: readonly string[],
    options: CommandOptions = {},
  ): Promise<CommandOutput> {
    return await runCommand(this.command(place, command), options);
  }

  /** Runs `upnpc`, a UPnP client that is not ours, in a place. */
  async upnpc(place: string, args: readonly string[]): Promise<CommandOutput> {
    const { upnpc, env } = await labTools();
    return await this.run(place, [upnpc, ...args], { env });
  }

  /** The command that does what `command` does, in a place. */
  command(place: string, command: readonly string[]): string[] {
    return inNamespace(this.namespace(place), command);
  }

  /** Name of a place's namespace. */
  namespace(place: string): string {
    // `box`, `router` and `carrier` are those of the first home.
    const full = /^(box|router|carrier)$/.test(place) ? `${place}1` : place;
    return `${this.prefix}-${full}`;
  }

  /** Keeps what {@link Lab.open} needs. */
  async save(): Promise<void> {
    const states = this.homes.map((home) => home.state);
    await Deno.writeTextFile(this.#stateFile, JSON.stringify(states));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeLab(this.prefix);
  }

  get #site() {
    return { prefix: this.prefix, directory: this.#directory };
  }

  get #stateFile(): string {
    return join(this.#directory, "homes.json");
  }

  #homeOfBox(place: string): Home {
    const number = Number(/^box(\d*)$/.exec(place)?.[1] || "1");
    const home = place.startsWith("box") ? this.homes[number - 1] : undefined;
    if (!home) throw new Error(`this lab has no place ${place}`);
    return home;
  }

  async #addInternet(): Promise<void> {
    const net = this.namespace("net");
    await addNamespace(net);
    await setKernel(net, {
      "net.ipv4.ip_forward": "1",
      "net.ipv6.conf.all.forwarding": "1",
      "net.ipv4.conf.all.send_redirects": "0",
    });
    await ipBatch(net, [
      // Else it is the lowest of its ports', and changes with them.
      "link add internet address 02:00:00:00:ff:fe type bridge",
      "link set internet up",
      `addr add ${publicAddress(INTERNET)}/24 dev internet`,
      `addr add ${publicAddress6(INTERNET)}/64 dev internet nodad`,
    ]);
    await Promise.all(
      Object.entries(PUBLIC_PLACES).map(([place, last]) =>
        this.#addPublicPlace(place, last)
      ),
    );
  }

  async #addPublicPlace(place: string, last: number): Promise<void> {
    const [name, net] = [this.namespace(place), this.namespace("net")];
    await addNamespace(name);
    await setResolver(name, publicAddress(PUBLIC_PLACES.resolver));
    await ipBatch(undefined, [
      `link add eth0 netns ${name} type veth peer name ${place} netns ${net}`,
    ]);
    await ipBatch(net, [`link set ${place} master internet up`]);
    await ipBatch(name, [
      "link set eth0 up",
      `addr add ${publicAddress(last)}/24 dev eth0`,
      `addr add ${publicAddress6(last)}/64 dev eth0 nodad`,
      `route add default via ${publicAddress(INTERNET)}`,
      `route add ::/0 via ${publicAddress6(INTERNET)}`,
    ]);
  }
}

/**
 * Builds a lab: `buildLab({ variant: "igd2" })`. Many can run side by side.
 *
 * @throws {Error} where none can be built: ask {@link labMissing} before
 */
export function buildLab(options: LabOptions): Promise<Lab> {
  return Lab.build(options);
}

/** Prefixes of the labs that are on this machine now. */
export async function listLabs(): Promise<string[]> {
  const names = await listNamespaces("");
  return names.filter((name) => name.endsWith("-net"))
    .map((name) => name.slice(0, -"-net".length));
}

/** Removes a lab, or what is left of it; one that is not there is fine. */
export async function removeLab(prefix: string): Promise<void> {
  const names = await listNamespaces(`${prefix}-`);
  await Promise.all(names.map(removeNamespace));
  await Deno.remove(runDirectory(prefix), { recursive: true }).catch(() => {});
}

const RANDOM_PREFIX = /^pl(\d+)x[0-9a-f]{4}$/;

/** Names the process that builds it, so that the next lab can clean up. */
function randomPrefix(): string {
  return `pl${Deno.pid}x${crypto.randomUUID().slice(0, 4)}`;
}

/** Removes labs with random prefixes whose process is gone. */
async function removeAbandoned(): Promise<void> {
  for (const prefix of await listLabs()) {
    const process = RANDOM_PREFIX.exec(prefix)?.[1];
    if (process === undefined) continue;
    const alive = await Deno.stat(`/proc/${process}`).then(
      () => true,
      () => false,
    );
    if (!alive) await removeLab(prefix);
  }
}

function runDirectory(prefix: string): string {
  return join(labCache, "run", prefix);
}

function isPublic(place: string): place is keyof typeof PUBLIC_PLACES {
  return Object.hasOwn(PUBLIC_PLACES, place);
}
