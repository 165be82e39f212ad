/**
 * Answers to DNS questions about a core's domain (RFC 1034, 1035, 6891, 8482).
 *
 * @module
 */

import { Buffer } from "node:buffer";
// @ts-types="./dns_packet.d.ts"
import dnsPacket from "dns-packet";
import type { Answer, OptAnswer, Packet, Question } from "./dns_packet.d.ts";
import type { NameAddresses, NameTable } from "./name_table.ts";

/** Seconds for which addresses may be remembered: so fast a relay moves. */
const ADDRESS_TTL = 60;
/** The same for what does not move. */
const ZONE_TTL = 3600;
/** Bytes of an answer over UDP that pass everywhere (DNS flag day 2020). */
const UDP_SIZE = 1232;
/** Bytes of an answer over UDP to a client that says nothing about it. */
const PLAIN_UDP_SIZE = 512;

const AUTHORITATIVE = dnsPacket.AUTHORITATIVE_ANSWER;
const TRUNCATED = dnsPacket.TRUNCATED_RESPONSE;
const OPCODE_MASK = 0x7800;
/** Flags of a question that its answer repeats. */
const REPEATED = dnsPacket.RECURSION_DESIRED | OPCODE_MASK;

/** Response codes, RFC 1035 section 4.1.1 and RFC 6895. */
const Code = {
  ok: 0,
  malformed: 1,
  noName: 3,
  notImplemented: 4,
  refused: 5,
  /** Its upper bits stand in the OPT record. */
  badVersion: 16,
} as const;

/** The zone that is answered for. */
export interface Zone {
  /** In lower case, without a dot at the end. */
  readonly domain: string;
  readonly names: NameTable;
  /** Of the core, for the domain itself. */
  readonly core: NameAddresses;
  readonly nameServers: readonly string[];
  /** Who may issue certificates for names below the domain. */
  readonly authorities: readonly string[];
  /** Grows with each start, for the SOA record. */
  readonly serial: number;
}

/** What a question gets. */
interface Found {
  readonly code: number;
  readonly answers: readonly Answer[];
}

/**
 * The answer to a message of the network, or `undefined` where none is due: to
 * what is no question.
 *
 * Over UDP it is bounded by what the asker takes, and cut beyond; with `cut` in
 * any case, so that whoever is real asks again over TCP.
 */
export function answerQuery(
  message: Uint8Array,
  zone: Zone,
  { transport, cut = false }: { transport: "udp" | "tcp"; cut?: boolean },
): Uint8Array | undefined {
  const header = readHeader(message);
  if (header === undefined) return undefined;
  // Before names are read, which may cost much.
  const strange = hasManyRecords(message);
  const plain = { id: header.id, flags: header.flags & REPEATED };
  if ((header.flags & OPCODE_MASK) !== 0) {
    return encode({ ...plain, code: Code.notImplemented });
  }
  const query = strange ? undefined : decode(message);
  const [question] = query?.questions ?? [];
  if (query === undefined || query.questions.length !== 1) {
    return encode({ ...plain, code: Code.malformed });
  }
  const extension = query.additionals.find(isOpt);
  const reply = { ...plain, question, extended: extension !== undefined };
  if (extension !== undefined && extension.ednsVersion !== 0) {
    return encode({ ...reply, code: Code.badVersion });
  }
  const { code, answers } = find(question, zone);
  const bytes = encode({
    ...reply,
    code,
    answers,
    authorities: answers.length === 0 && code !== Code.refused
      ? [soa(zone)]
      : [],
    flags: plain.flags | (code === Code.refused ? 0 : AUTHORITATIVE),
  });
  const limit = cut
    ? 0
    : transport === "tcp"
    ? 65_535
    : extension === undefined
    ? PLAIN_UDP_SIZE
    : Math.min(
      UDP_SIZE,
      Math.max(extension.udpPayloadSize, PLAIN_UDP_SIZE),
    );
  if (bytes.length <= limit) return bytes;
  return encode({ ...reply, code, flags: plain.flags | TRUNCATED });
}

/** Whether it is more than one question with an extension or two. */
function hasManyRecords(message: Uint8Array): boolean {
  const count = (at: number) => message[at] << 8 | message[at + 1];
  return count(4) > 1 || count(6) > 0 || count(8) > 0 || count(10) > 2;
}

/** ID and flags of a question; `undefined` when it is an answer, or nothing. */
function readHeader(
  message: Uint8Array,
): { id: number; flags: number } | undefined {
  if (message.length < 12) return undefined;
  const flags = message[2] << 8 | message[3];
  const isAnswer = (flags & 0x8000) !== 0;
  return isAnswer ? undefined : { id: message[0] << 8 | message[1], flags };
}

function decode(message: Uint8Array): Packet | undefined {
  try {
    return dnsPacket.decode(Buffer.from(message));
  } catch {
    // Malformed, as anybody may send it.
    return undefined;
  }
}

function encode(
  { id, flags, code, question, answers = [], authorities = [], extended }: {
    id: number;
    flags: number;
    code: number;
    question?: Question;
    answers?: readonly Answer[];
    authorities?: readonly Answer[];
    extended?: boolean;
  },
): Uint8Array {
  const packet: Packet = {
    type: "response",
    id,
    flags: flags | (code & 15),
    questions: question === undefined ? [] : [question],
    answers: [...answers],
    authorities: [...authorities],
    additionals: extended ? [opt(code)] : [],
  };
  return dnsPacket.encode(packet);
}

/** What we take over UDP, and the upper bits of the code. */
function opt(code: number): OptAnswer {
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: UDP_SIZE,
    extendedRcode: code >> 4,
    ednsVersion: 0,
    flags: 0,
    options: [],
  };
}

function isOpt(answer: Answer): answer is OptAnswer {
  return answer.type === "OPT";
}

function find(question: Question, zone: Zone): Found {
  const name = question.name.toLowerCase();
  const inClass = question.class === undefined || question.class === "IN" ||
    question.class === "ANY";
  const below = name.endsWith(`.${zone.domain}`);
  if (!inClass || (!below && name !== zone.domain)) {
    return { code: Code.refused, answers: [] };
  }
  const labels = below ? name.slice(0, -zone.domain.length - 1).split(".") : [];
  const records = recordsOf(labels, zone);
  if (records === undefined) return { code: Code.noName, answers: [] };
  // RFC 8482: everything at once is what only attackers ask for.
  const answers = question.type === "ANY"
    ? records.slice(0, 1)
    : records.filter(({ type }) => type === question.type);
  return {
    code: Code.ok,
    answers: answers.map((record) => ({ ...record, name: question.name })),
  };
}

/** All records of a name; `undefined` when there is no such name. */
function recordsOf(
  labels: readonly string[],
  zone: Zone,
): Answer[] | undefined {
  const { names, core, domain } = zone;
  const [first, second] = labels;
  switch (labels.length) {
    case 0:
      return [
        soa(zone),
        ...nameServers(zone),
        ...addresses(core),
        ...caa(zone),
      ];
    case 1: {
      const isServer = zone.nameServers.includes(`${first}.${domain}`);
      const found = names.addresses(first) ?? (isServer ? core : undefined);
      return found && addresses(found);
    }
    case 2: {
      const texts = names.texts(second, first);
      return texts.length === 0 ? undefined : texts.map((text) => ({
        type: "TXT",
        name: "",
        ttl: ADDRESS_TTL,
        data: text,
      }));
    }
    default:
      return undefined;
  }
}

function addresses({ a, aaaa }: NameAddresses): Answer[] {
  const record = (type: "A" | "AAAA", data: string): Answer => ({
    type,
    name: "",
    ttl: ADDRESS_TTL,
    data,
  });
  return [
    ...a.map((data) => record("A", data)),
    ...aaaa.map((data) => record("AAAA", data)),
  ];
}

function nameServers({ nameServers }: Zone): Answer[] {
  return nameServers.map((data) => ({
    type: "NS",
    name: "",
    ttl: ZONE_TTL,
    data,
  }));
}

function caa({ authorities }: Zone): Answer[] {
  return authorities.map((value) => ({
    type: "CAA",
    name: "",
    ttl: ZONE_TTL,
    data: { flags: 0, tag: "issue", value, issuerCritical: false },
  }));
}

function soa({ domain, nameServers, serial }: Zone): Answer {
  return {
    type: "SOA",
    name: domain,
    ttl: ADDRESS_TTL,
    data: {
      mname: nameServers[0],
      rname: `hostmaster.${domain}`,
      serial,
      refresh: 3600,
      retry: 600,
      expire: 604_800,
      // How long it may be remembered that a name is not there.
      minimum: ADDRESS_TTL,
    },
  };
}
