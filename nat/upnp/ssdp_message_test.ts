import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { decodeSsdp, encodeSearch } from "./ssdp_message.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const ANSWER = "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n" +
  "Location:http://192.168.0.1:5000/a.xml\r\nBOOTID.UPNP.ORG: 7\r\n\r\n";
const NOTICE = "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n" +
  "NT: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n" +
  "NTS: ssdp:alive\r\nLOCATION: http://[fe80::1]/a.xml\r\n\r\n";

Deno.test("answers and notices", () => {
  const answer = decodeSsdp(encode(ANSWER));
  assert.equal(answer?.kind, "answer");
  assert.equal(answer?.target, "upnp:rootdevice");
  assert.equal(answer?.location?.href, "http://192.168.0.1:5000/a.xml");
  assert.equal(answer?.bootId, 7);
  const alive = decodeSsdp(encode(NOTICE));
  assert.equal(alive?.kind, "alive");
  assert.equal(alive?.location?.hostname, "[fe80::1]");
  assert.equal(alive?.bootId, undefined);
  const gone = decodeSsdp(encode(
    "NOTIFY * HTTP/1.1\nNT: upnp:rootdevice\nNTS: ssdp:byebye\n\n",
  ));
  assert.equal(gone?.kind, "byebye");
  const update = decodeSsdp(encode(
    NOTICE.replace(
      "ssdp:alive",
      "ssdp:update\r\nBOOTID.UPNP.ORG: 3\r\nNEXTBOOTID.UPNP.ORG: 4",
    ),
  ));
  assert.equal(update?.bootId, 4);
});

Deno.test("places that must not be asked, and what is not SSDP", () => {
  const withLocation = (location: string) =>
    ANSWER.replace("http://192.168.0.1:5000/a.xml", location);
  for (
    const text of [
      "",
      "HTTP/1.1 404 Not Found\r\nST: a\r\nLOCATION: http://10.0.0.1/\r\n\r\n",
      "M-SEARCH * HTTP/1.1\r\nST: a\r\nLOCATION: http://10.0.0.1/\r\n\r\n",
      NOTICE.replace("ssdp:alive", "ssdp:other"),
      ANSWER.replace("ST:", "XX:"),
      withLocation("https://192.168.0.1/"),
      withLocation("http://router.lan/"),
      withLocation("http://a:b@192.168.0.1/"),
      withLocation("file:///a"),
      withLocation("//192.168.0.1/"),
      withLocation(`http://192.168.0.1/${"a".repeat(600)}`),
      ANSWER + "x".repeat(3_000),
      ANSWER.replace("\r\n\r\n", "\r\nA: b".repeat(60)),
    ]
  ) {
    assert.equal(decodeSsdp(encode(text)), undefined, text.slice(0, 200));
  }
});

Deno.test("mutated datagrams are read or refused, never thrown at", () => {
  const random = new SeededRandom(1900);
  for (const text of [ANSWER, NOTICE]) {
    const bytes = encode(text);
    for (let run = 0; run < 5_000; run++) {
      const message = decodeSsdp(random.mutate(bytes));
      if (message?.location) assert.equal(message.location.protocol, "http:");
    }
  }
  for (let run = 0; run < 500; run++) {
    decodeSsdp(random.bytes(random.below(300)));
  }
});

Deno.test("a search", () => {
  assert.equal(
    new TextDecoder().decode(
      encodeSearch({ host: "239.255.255.250:1900", target: "upnp:rootdevice" }),
    ),
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n' +
      "MX: 1\r\nST: upnp:rootdevice\r\n\r\n",
  );
});
