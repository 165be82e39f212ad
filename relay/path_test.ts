import assert from "node:assert/strict";
import { loadConfig } from "../config/mod.ts";
import { createIdentity } from "./identity/mod.ts";
import { startPath } from "./path.ts";

Deno.test("an onion service is a way of its own, as long as tor has it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const config = loadConfig({
      set: [`data.directory=${directory}`, "path.map_port=false"],
      env: {},
    });
    await using path = startPath({
      config,
      identity: await createIdentity(directory),
      // Nothing is listened on: it is only said so.
      addresses: [{ hostname: "0.0.0.0", port: 5223 }],
      onError: (error) => {
        throw error;
      },
    });
    const onion = () => {
      const { ways, advertised } = path.answer();
      return [
        ways.find(({ kind }) => kind === "onion")?.state,
        advertised.filter(({ kind }) => kind === "onion"),
      ];
    };
    path.useOnion(undefined);
    assert.deepEqual(onion(), [undefined, []]);
    path.useOnion("abc.onion");
    const place = {
      host: "abc.onion",
      port: 5223,
      kind: "onion",
      confirmed: false,
    };
    assert.deepEqual(onion(), ["unconfirmed", [place]]);
    path.useOnion(undefined);
    assert.deepEqual(onion(), ["failed", []]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
