/**
 * The network lab: homes behind real routers, a core and clients outside, in
 * network namespaces of this machine. Nothing in it reaches the real network.
 *
 * ```ts
 * await using lab = await buildLab({ variant: "igd2" });
 * const relay = lab.spawn("box", Deno.execPath(), { args: ["run", "-A", "main.ts", "start"] });
 * await lab.home.restartRouter();
 * ```
 *
 * By hand: `deno task lab`.
 *
 * @module
 */

export { Home } from "./home.ts";
export { buildLab, Lab, type LabOptions, listLabs, removeLab } from "./lab.ts";
export { labMissing } from "./tools.ts";
export {
  type HomeOptions,
  isVariant,
  type Variant,
  variants,
} from "./variants.ts";
