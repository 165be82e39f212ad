/**
 * As much of `dns-packet` (npm, 5.6) as is used here, which comes without types
 * of its own. What it decodes comes from the network: fields may be anything.
 */

export interface Question {
  name: string;
  type: string;
  class?: string;
}

export interface Answer {
  type: string;
  name: string;
  ttl?: number;
  data?: unknown;
}

export interface OptAnswer extends Answer {
  type: "OPT";
  udpPayloadSize: number;
  extendedRcode: number;
  ednsVersion: number;
  flags: number;
  options: unknown[];
}

export interface Packet {
  type: "query" | "response";
  id: number;
  flags: number;
  questions: Question[];
  answers: Answer[];
  authorities: Answer[];
  additionals: Answer[];
}

declare const dnsPacket: {
  readonly AUTHORITATIVE_ANSWER: number;
  readonly TRUNCATED_RESPONSE: number;
  readonly RECURSION_DESIRED: number;
  /** @throws {Error} when it is malformed */
  decode(message: Uint8Array): Packet;
  encode(packet: Packet): Uint8Array;
};
export default dnsPacket;
