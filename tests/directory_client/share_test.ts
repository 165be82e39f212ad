/**
 * A relay that is full, as apps and the owner meet it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { testSmp, testXftp } from "../../probe/mod.ts";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { eventually } from "../core/world.ts";
import { createQueue, sendText, TestRelay } from "../server/harness.ts";

Deno.test("a full relay takes nothing new from strangers, and serves what there is", async () => {
  await using relay = await TestRelay.start({
    set: [
      "share.listed=public",
      "share.connections=1",
      "share.own_password=mine",
      "directories.addresses=[]",
      "xftp.enabled=true",
      "address.hosts=127.0.0.1",
    ],
  });
  const note = () =>
    relay.relay.parts().find(({ name }) => name === "share")?.note ?? "";
  const addresses = relay.relay.addresses().map(parseServerAddress);
  {
    await using client = await relay.connect();
    const queue = await createQueue(client);
    await eventually(() => note().startsWith("Full for now"));
    await assert.rejects(createQueue(client), /QUOTA/);
    await createQueue(client, { password: "mine" });
    const sent = await sendText(client, "still there", queue.ids);
    assert.equal(sent.tag, "OK");

    for (const address of addresses) {
      const test = address.scheme === "smp" ? testSmp : testXftp;
      const refused = await test(address, { timeoutMs: 5000 });
      assert.equal(refused.ok, false, address.scheme);
      assert.equal(refused.steps.at(-1)?.name, "create");
      const own = await test({ ...address, password: "mine" }, {
        timeoutMs: 5000,
      });
      assert.equal(own.ok, true, JSON.stringify(own.steps));
    }
  }
  await eventually(() => !note().startsWith("Full for now"));
  await using client = await relay.connect();
  await createQueue(client);
  // Nobody was named whom it could tell.
  const sharing = relay.relay.parts().find(({ name }) => name === "sharing");
  assert.equal(sharing?.state, "degraded");
});
