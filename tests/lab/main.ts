/**
 * `deno task lab`: the network lab by hand.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { inNamespace } from "./namespaces.ts";
import {
  type Home,
  isVariant,
  Lab,
  labMissing,
  listLabs,
  removeLab,
  type Variant,
  variants,
} from "./mod.ts";

const HELP = `The network lab by hand. It needs root.

  deno task lab up KIND [KIND …]     a lab with a home of each kind
  deno task lab down                 removes it
  deno task lab list                 labs, with their homes and addresses
  deno task lab sh PLACE COMMAND …   runs a command in a place (a shell if none)
  deno task lab restart [HOME]       the router goes off and on again
  deno task lab off|on [HOME]        the router goes off; on
  deno task lab replace KIND [HOME]  another router
  deno task lab address [HOME]       the home gets another public address
  deno task lab expire [HOME]        all mappings lapse
  deno task lab log [HOME]           what the router's mapping daemon wrote

  --prefix NAME   another lab than "lab"
  --strict        routers behind a router refuse to map
  --ipv6, --no-ipv6
  --lease MIN-MAX seconds that a mapping is granted for
  --forward PORT  a port the owner forwarded (may be given several times)

Places: box (box2, … in further homes), core, client, resolver, router, carrier.
Kinds:
${
  Object.entries(variants).map(([name, what]) => `  ${name.padEnd(8)}${what}\n`)
    .join("")
}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  // What follows `sh` is a command with options of its own.
  ...optionsBefore("sh"),
  options: {
    prefix: { type: "string", default: "lab" },
    strict: { type: "boolean" },
    ipv6: { type: "boolean" },
    lease: { type: "string" },
    forward: { type: "string", multiple: true },
    help: { type: "boolean", short: "h" },
  },
});
const [action, ...rest] = positionals;
if (values.help || action === undefined) {
  console.log(HELP);
  Deno.exit(values.help ? 0 : 2);
}
const reason = await labMissing();
if (reason) {
  console.error(`No lab can be built here: ${reason}.`);
  Deno.exit(1);
}

switch (action) {
  case "up":
    await up(rest.map(kind));
    break;
  case "down":
    await removeLab(values.prefix);
    break;
  case "list":
    for (const prefix of await listLabs()) await describe(prefix);
    break;
  case "sh":
    await shell();
    break;
  case "replace":
    await change(rest[1], (home) => home.replaceRouter(options(kind(rest[0]))));
    break;
  case "log":
    await change(rest[0], async (home) => console.log(await home.routerLog()));
    break;
  default:
    await change(rest[0], actions(action));
}

/** `sh` hands on everything after the place. */
function optionsBefore(word: string): { args: string[] } {
  const at = Deno.args.indexOf(word);
  return { args: at < 0 ? Deno.args : Deno.args.slice(0, at + 1) };
}

function actions(name: string): (home: Home) => Promise<void> {
  switch (name) {
    case "restart":
      return (home) => home.restartRouter();
    case "off":
      return (home) => home.stopRouter();
    case "on":
      return (home) => home.startRouter();
    case "address":
      return (home) => home.changeExternalAddress();
    case "expire":
      return (home) => home.expireLeases();
  }
  console.error(`Unknown: ${name}\n\n${HELP}`);
  Deno.exit(2);
}

function kind(name: string): Variant {
  if (isVariant(name)) return name;
  console.error(`Unknown kind of router: ${name}\n\n${HELP}`);
  Deno.exit(2);
}

function options(variant: Variant) {
  const [min, max] = (values.lease ?? "").split("-").map(Number);
  return {
    variant,
    strict: values.strict,
    ipv6: values.ipv6,
    lease: values.lease ? { min, max: max || min } : undefined,
    forward: values.forward?.map(Number),
  };
}

async function up(kinds: readonly Variant[]): Promise<void> {
  const homes = (kinds.length > 0 ? kinds : ["igd2" as const]).map(options);
  await Lab.build({ prefix: values.prefix, homes });
  await describe(values.prefix);
}

async function describe(prefix: string): Promise<void> {
  const lab = await Lab.open(prefix).catch(() => undefined);
  console.log(`${prefix}:`);
  if (!lab) return;
  for (const place of ["core", "client", "resolver"]) {
    console.log(
      `  ${place.padEnd(9)}${lab.address(place)}  ${lab.address6(place)}`,
    );
  }
  for (const home of lab.homes) {
    const addresses = [home.boxAddress, home.boxAddress6].filter(Boolean);
    console.log(
      `  ${home.box.padEnd(9)}${addresses.join("  ")}  ` +
        `behind ${home.variant} at ${home.publicAddress}`,
    );
  }
}

async function shell(): Promise<never> {
  const [place, ...command] = Deno.args.slice(Deno.args.indexOf("sh") + 1);
  const lab = await openLab(values.prefix);
  const [program, ...args] = inNamespace(
    lab.namespace(place ?? "box"),
    command.length > 0 ? command : ["bash"],
  );
  const { code } = await new Deno.Command(program, { args }).spawn().status;
  Deno.exit(code);
}

async function change(
  home: string | undefined,
  what: (home: Home) => Promise<void>,
): Promise<void> {
  const lab = await openLab(values.prefix);
  const found = lab.homes[Number(home ?? 1) - 1];
  if (!found) throw new Error(`lab ${values.prefix} has no home ${home}`);
  await what(found);
  await lab.save();
}

/** The lab that was built before; without one, says how to build it. */
async function openLab(prefix: string): Promise<Lab> {
  try {
    return await Lab.open(prefix);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(
      `There is no lab "${prefix}". Build one: deno task lab up igd2`,
    );
    Deno.exit(1);
  }
}
