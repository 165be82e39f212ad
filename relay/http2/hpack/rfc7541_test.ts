/** The examples of RFC 7541, appendix C. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { HeaderField } from "../stream.ts";
import { HpackDecoder } from "./mod.ts";

const DATE_1 = "Mon, 21 Oct 2013 20:13:21 GMT";
const DATE_2 = "Mon, 21 Oct 2013 20:13:22 GMT";
const COOKIE = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";

const singles: readonly [string, string, HeaderField][] = [
  [
    "C.2.1 literal with indexing",
    "400a637573746f6d2d6b65790d637573746f6d2d686561646572",
    ["custom-key", "custom-header"],
  ],
  [
    "C.2.2 literal without indexing",
    "040c2f73616d706c652f70617468",
    [":path", "/sample/path"],
  ],
  [
    "C.2.3 literal never indexed",
    "100870617373776f726406736563726574",
    ["password", "secret"],
  ],
  ["C.2.4 indexed", "82", [":method", "GET"]],
];

const requests: readonly HeaderField[][] = [
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ],
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
    ["cache-control", "no-cache"],
  ],
  [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ],
];

const responses: readonly HeaderField[][] = [
  [
    [":status", "302"],
    ["cache-control", "private"],
    ["date", DATE_1],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "307"],
    ["cache-control", "private"],
    ["date", DATE_1],
    ["location", "https://www.example.com"],
  ],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", DATE_2],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", COOKIE],
  ],
];

const sequences: readonly {
  name: string;
  maxTableSize: number;
  blocks: readonly string[];
  lists: readonly HeaderField[][];
}[] = [{
  name: "C.3 requests without Huffman code",
  maxTableSize: 4096,
  blocks: [
    "828684410f7777772e6578616d706c652e636f6d",
    "828684be58086e6f2d6361636865",
    "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
  ],
  lists: requests,
}, {
  name: "C.4 requests with Huffman code",
  maxTableSize: 4096,
  blocks: [
    "828684418cf1e3c2e5f23a6ba0ab90f4ff",
    "828684be5886a8eb10649cbf",
    "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
  ],
  lists: requests,
}, {
  name: "C.5 responses without Huffman code, with eviction",
  maxTableSize: 256,
  blocks: [
    "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a" +
    "31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
    "4803333037c1c0bf",
    "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04" +
    "677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49" +
    "553b206d61782d6167653d333630303b2076657273696f6e3d31",
  ],
  lists: responses,
}, {
  name: "C.6 responses with Huffman code, with eviction",
  maxTableSize: 256,
  blocks: [
    "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e" +
    "919d29ad171863c78f0b97c8e9ae82ae43d3",
    "4883640effc1c0bf",
    "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7" +
    "821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed" +
    "4ee5b1063d5007",
  ],
  lists: responses,
}];

for (const [name, block, field] of singles) {
  Deno.test(`RFC 7541 ${name}`, () => {
    const decoder = new HpackDecoder({ maxTableSize: 4096, maxListSize: 4096 });
    assert.deepEqual(decoder.decode(Buffer.from(block, "hex")), [field]);
  });
}

for (const { name, maxTableSize, blocks, lists } of sequences) {
  Deno.test(`RFC 7541 ${name}`, () => {
    const decoder = new HpackDecoder({ maxTableSize, maxListSize: 4096 });
    blocks.forEach((block, at) => {
      assert.deepEqual(decoder.decode(Buffer.from(block, "hex")), lists[at]);
    });
  });
}
