import assert from "node:assert/strict";
import { configReference } from "./mod.ts";

Deno.test("docs/configuration.md is what `deno task docs` writes", () => {
  const url = new URL("../docs/configuration.md", import.meta.url);
  assert.equal(Deno.readTextFileSync(url), configReference());
});
