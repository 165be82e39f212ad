/** `deno task docs`: writes docs/configuration.md from the table of settings. */

import { configReference } from "./mod.ts";

const url = new URL("../docs/configuration.md", import.meta.url);
await Deno.writeTextFile(url, configReference());
