import assert from "node:assert/strict";

const script = `
  import { createLog } from "${new URL("../relay/log.ts", import.meta.url)}";
  import { survive } from "${new URL("./survive.ts", import.meta.url)}";
  using _survivor = survive(createLog({ level: "warn" }));
  Promise.reject(new Error("rejected"));
  setTimeout(() => { throw new Error("thrown"); });
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log("still here");
`;

Deno.test("a fault that nothing caught is told and does not end the relay", async () => {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=ts", script],
  }).output();
  const told = new TextDecoder().decode(stderr);
  assert(success, told);
  assert.equal(new TextDecoder().decode(stdout), "still here\n");
  assert.match(told, /fault inside the relay[^]*rejected/);
  assert.match(told, /fault inside the relay[^]*thrown/);
});
