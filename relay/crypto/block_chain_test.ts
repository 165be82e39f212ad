import assert from "node:assert/strict";
import { readVectors, type Vector } from "../../tests/vectors.ts";
import {
  BLOCK_CONTENT_OFFSET,
  type BlockChain,
  decryptBlock,
  encryptBlock,
  encryptBlockInPlace,
  initBlockChains,
  MAX_BLOCK_CONTENT,
} from "./block_chain.ts";
import { cbEncrypt } from "./box.ts";
import { randomBytes } from "./random.ts";

function assertSteps(chain: BlockChain, steps: readonly Vector[]): void {
  assert.ok(steps.length > 1);
  for (const step of steps) {
    const { key, nonce } = chain.next();
    assert.deepEqual(key, step.bytes("key"));
    assert.deepEqual(nonce, step.bytes("nonce"));
  }
}

Deno.test("both chains step as the reference's", () => {
  for (const vector of readVectors("crypto", "sbChain")) {
    const chains = initBlockChains(
      vector.bytes("salt"),
      vector.bytes("secret"),
    );
    // One after the other and not in turns: they share no state.
    assertSteps(chains.serverToClient, vector.objects("steps1"));
    assertSteps(chains.clientToServer, vector.objects("steps2"));
  }
});

Deno.test("a block is the padded box under the chain's key", () => {
  const [sessionId, secret] = [randomBytes(64), randomBytes(32)];
  const { key, nonce } = initBlockChains(sessionId, secret).serverToClient
    .next();
  const content = randomBytes(100);
  const { serverToClient } = initBlockChains(sessionId, secret);
  assert.deepEqual(
    encryptBlock(serverToClient, content),
    cbEncrypt(content, { secret: key, nonce, paddedLength: 16384 - 16 }),
  );
});

Deno.test("blocks go both ways, of any content that fits", () => {
  const [sessionId, secret] = [randomBytes(64), randomBytes(32)];
  const server = initBlockChains(sessionId, secret);
  const client = initBlockChains(sessionId, secret);
  for (const length of [0, 1, 5000, MAX_BLOCK_CONTENT]) {
    const content = randomBytes(length);
    const block = encryptBlock(server.serverToClient, content);
    assert.equal(block.length, 16384);
    const opened = decryptBlock(client.serverToClient, block);
    assert.deepEqual(opened, content);
    assert.equal(opened?.buffer, block.buffer);

    const inPlace = randomBytes(16384);
    inPlace.set(content, BLOCK_CONTENT_OFFSET);
    encryptBlockInPlace(client.clientToServer, {
      block: inPlace,
      contentLength: length,
    });
    assert.deepEqual(decryptBlock(server.clientToServer, inPlace), content);
  }
});

Deno.test("content that does not fit leaves the chain where it was", () => {
  const [sessionId, secret] = [randomBytes(64), randomBytes(32)];
  const { clientToServer: chain } = initBlockChains(sessionId, secret);
  const { clientToServer: other } = initBlockChains(sessionId, secret);
  assert.throws(
    () => encryptBlock(chain, new Uint8Array(MAX_BLOCK_CONTENT + 1)),
    RangeError,
  );
  assert.throws(
    () =>
      encryptBlockInPlace(chain, {
        block: new Uint8Array(16383),
        contentLength: 1,
      }),
    RangeError,
  );
  assert.deepEqual(chain.next(), other.next());
});

Deno.test("changed, repeated and reflected blocks are refused", () => {
  const [sessionId, secret] = [randomBytes(64), randomBytes(32)];
  const server = initBlockChains(sessionId, secret);
  const refused = (change: (block: Uint8Array) => Uint8Array) => {
    const client = initBlockChains(sessionId, secret);
    const sender = initBlockChains(sessionId, secret);
    const block = encryptBlock(sender.serverToClient, Uint8Array.of(1, 2));
    return decryptBlock(client.serverToClient, change(block)) === undefined;
  };
  assert.ok(!refused((block) => block));
  assert.ok(refused((block) => block.with(0, block[0] ^ 1)));
  assert.ok(refused((block) => block.with(16383, block[16383] ^ 1)));
  assert.ok(refused((block) => block.subarray(0, 16383)));
  assert.ok(refused((block) => block.subarray(0, 10)));
  assert.ok(refused(() => new Uint8Array(0)));

  const block = encryptBlock(server.serverToClient, Uint8Array.of(1));
  const client = initBlockChains(sessionId, secret);
  assert.equal(decryptBlock(client.clientToServer, block.slice()), undefined);
  assert.ok(decryptBlock(client.serverToClient, block.slice()));
  assert.equal(decryptBlock(client.serverToClient, block.slice()), undefined);
});
