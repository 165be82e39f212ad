/**
 * Asks a router for a mapping by NAT-PMP or PCP, byte by byte: a witness for
 * the lab that shares nothing with the relay's own client.
 * `ask_router.ts nat-pmp|pcp ROUTER OWN-ADDRESS INTERNAL-PORT EXTERNAL-PORT SECONDS`
 * prints the result code and the port granted, or "silence".
 *
 * @module
 */

import { createSocket } from "node:dgram";

const [protocol, router, own, ...numbers] = Deno.args;
const [internal, external, seconds] = numbers.map(Number);
const isPcp = protocol === "pcp";

// RFC 6886 section 3.3; RFC 6887 sections 7.1 and 11.1.
const request = new DataView(new ArrayBuffer(isPcp ? 60 : 12));
request.setUint8(0, isPcp ? 2 : 0);
if (isPcp) {
  request.setUint8(1, 1);
  request.setUint32(4, seconds);
  setAddress(8, own.split(".").map(Number));
  new Uint8Array(request.buffer).fill(7, 24, 36);
  request.setUint8(36, 6);
  request.setUint16(40, internal);
  request.setUint16(42, external);
  setAddress(44, [0, 0, 0, 0]);
} else {
  request.setUint8(1, 2);
  request.setUint16(4, internal);
  request.setUint16(6, external);
  request.setUint32(8, seconds);
}

/** IPv4 in IPv6 dress. */
function setAddress(offset: number, parts: number[]): void {
  request.setUint16(offset + 10, 0xffff);
  parts.forEach((part, index) => request.setUint8(offset + 12 + index, part));
}

const socket = createSocket("udp4");
const timer = setTimeout(() => {
  console.log("silence");
  socket.close();
}, 700);
socket.on("message", (answer: Uint8Array) => {
  const view = new DataView(answer.buffer, answer.byteOffset);
  const code = isPcp ? view.getUint8(3) : view.getUint16(2);
  const granted = code !== 0 ? 0 : view.getUint16(isPcp ? 42 : 10);
  console.log(`result ${code} port ${granted}`);
  clearTimeout(timer);
  socket.close();
});
socket.send(new Uint8Array(request.buffer), 5351, router);
