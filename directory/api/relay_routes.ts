/**
 * What relays ask: to be listed, to be still there, to leave, to vouch.
 *
 * @module
 */

import type { Http1Response } from "../../relay/http1/mod.ts";
import { bytesKey, equalBytes } from "../../relay/wire/mod.ts";
import { type SignedDescriptor, verifyDescriptor } from "../descriptor/mod.ts";
import type { ProbeScheduler } from "../probe/mod.ts";
import {
  checkWork,
  decodeRelayRequestText,
  type RelayRequest,
  type RequestContent,
  verifyRelayRequest,
  type WorkNonces,
} from "../protocol/mod.ts";
import type { Registry, RelayRecord } from "../registry/mod.ts";
import { issuesOf } from "../score.ts";
import { json, problem } from "./answers.ts";
import type { Receipt } from "./types.ts";

/** What the routes need. */
export interface RelayRoutesOptions {
  /** The directory's fingerprint. */
  readonly fingerprint: Uint8Array;
  readonly registry: Registry;
  readonly probes: ProbeScheduler;
  readonly nonces: WorkNonces;
  readonly workBits: number;
  /** Time between two heartbeats, seconds. */
  readonly heartbeatSeconds: number;
}

/** Call-backs of registrations at a time. */
const MAX_CALLBACKS = 16;
/** Heartbeats a second for which the directory has time. */
const HEARTBEATS_A_SECOND = 200;
/** When to come back after a full directory, and a busy one: seconds. */
const FULL_SECONDS = 86_400;
const BUSY_SECONDS = 30;
/** A relay that did not report for as long was away, seconds. */
const SILENT_SECONDS = 1800;
/** When to try again after a call-back that failed, seconds. */
const UNREACHABLE_SECONDS = 900;

type Content<T extends RequestContent["type"]> = Extract<
  RequestContent,
  { type: T }
>;

interface Found<T extends RequestContent["type"]> {
  readonly record: RelayRecord;
  readonly request: RelayRequest;
  readonly content: Content<T>;
}

/** See the module. */
export class RelayRoutes {
  readonly #options: RelayRoutesOptions;
  #callbacks = 0;

  constructor(options: RelayRoutesOptions) {
    this.#options = options;
  }

  /** `POST /v1/register` */
  readonly register = async (body: Uint8Array): Promise<Http1Response> => {
    const request = this.#read(body);
    if (request?.content.type !== "register") return malformed();
    const { content } = request;
    const { registry, nonces, workBits, fingerprint } = this.#options;
    const key = bytesKey(request.fingerprint);
    if (registry.isBanned(key)) return banned();
    // The cheapest first.
    const task = {
      directory: fingerprint,
      fingerprint: request.fingerprint,
      nonce: content.nonce,
    };
    if (
      !nonces.takes(content.nonce) ||
      !checkWork(task, content.counter, workBits)
    ) {
      return problem(
        "work",
        "The proof of work is not right, or too old. Ask for the parameters again, and work anew.",
      );
    }
    const signed = checkedDescriptor(content.descriptor, request);
    if (!("descriptor" in signed)) return signed;
    if (!verifyRelayRequest(request, signed.chain[0])) return notSigned();
    const known = registry.find(key);
    if (known !== undefined && request.sequence <= known.requestSequence) {
      return stale(known);
    }
    const unreachable = await this.#callBack(signed);
    if (unreachable !== undefined) return unreachable;
    return this.#registered(request, signed);
  };

  /** `POST /v1/heartbeat` */
  readonly heartbeat = (body: Uint8Array): Http1Response => {
    const found = this.#known(body, "heartbeat");
    if (!("record" in found)) return found;
    const { record, request, content } = found;
    const { registry, probes } = this.#options;
    const silent = registry.now - record.heardAt > SILENT_SECONDS;
    if (content.descriptor !== undefined) {
      const signed = checkedDescriptor(content.descriptor, request);
      if (!("descriptor" in signed)) return signed;
      // It may bring a new certificate, with which the request is signed.
      if (!verifyRelayRequest(request, signed.chain[0])) return notSigned();
      if (registry.accept(record, request)) return stale(record);
      const before = record.signed;
      if (registry.renew(record, signed)) {
        return problem("stale", "There is a later descriptor of this relay.", {
          sequence: record.signed.descriptor.sequence,
        });
      }
      if (before !== record.signed && moved(before, signed)) {
        probes.hasten(record);
      }
    } else {
      if (!verifyRelayRequest(request, record.signed.chain[0])) {
        return notSigned();
      }
      if (registry.accept(record, request)) return stale(record);
    }
    // It was away, and is back.
    if (silent && record.failingSince !== 0) probes.hasten(record);
    record.numbers = content.numbers;
    registry.setFull(record, content.full);
    return this.#receipt(record);
  };

  /** `POST /v1/leave` */
  readonly leave = (body: Uint8Array): Http1Response => {
    const found = this.#signed(body, "leave");
    if (!("record" in found)) return found;
    this.#options.registry.leave(found.record, found.content.at);
    return this.#receipt(found.record);
  };

  /** `POST /v1/invite` */
  readonly invite = (body: Uint8Array): Http1Response => {
    const found = this.#signed(body, "invite");
    if (!("record" in found)) return found;
    const guest = bytesKey(found.content.guest);
    switch (this.#options.registry.invite(found.record, guest)) {
      case "not established":
        return problem(
          "not established",
          "Only relays that are established here can vouch for others.",
        );
      case "too many":
        return problem(
          "too many",
          "This relay has vouched for as many as it may for now, or for one that was shut out.",
          { retryAfter: FULL_SECONDS },
        );
      case undefined:
        return this.#receipt(found.record);
    }
  };

  /** A request for this directory. */
  #read(body: Uint8Array): RelayRequest | undefined {
    const text = requestText(body);
    const request = text === undefined
      ? undefined
      : decodeRelayRequestText(text);
    return request !== undefined &&
        equalBytes(request.directory, this.#options.fingerprint)
      ? request
      : undefined;
  }

  /** A request of a relay that is listed; the signature is not checked yet. */
  #known<T extends RequestContent["type"]>(
    body: Uint8Array,
    type: T,
  ): Found<T> | Http1Response {
    const request = this.#read(body);
    if (request === undefined || !isOf(request.content, type)) {
      return malformed();
    }
    const { registry } = this.#options;
    const key = bytesKey(request.fingerprint);
    if (registry.isBanned(key)) return banned();
    const record = registry.find(key);
    if (
      record === undefined || !record.registered || record.standing === "left"
    ) {
      return problem(
        "unknown",
        "This relay is not listed here: it has to register first.",
      );
    }
    return { record, request, content: request.content };
  }

  /** The same, signed, and taken. */
  #signed<T extends RequestContent["type"]>(
    body: Uint8Array,
    type: T,
  ): Found<T> | Http1Response {
    const found = this.#known(body, type);
    if (!("record" in found)) return found;
    const { record, request } = found;
    if (!verifyRelayRequest(request, record.signed.chain[0])) {
      return notSigned();
    }
    return this.#options.registry.accept(record, request)
      ? stale(record)
      : found;
  }

  async #callBack(
    { descriptor }: SignedDescriptor,
  ): Promise<Http1Response | undefined> {
    if (this.#callbacks >= MAX_CALLBACKS) {
      return problem("busy", "Too many relays are being tried out right now.", {
        retryAfter: BUSY_SECONDS * (1 + Math.random()),
      });
    }
    this.#callbacks++;
    try {
      const { failure } = await this.#options.probes.callBack(descriptor);
      return failure === undefined ? undefined : problem(
        "unreachable",
        `This directory cannot reach the relay. ${failure.text}`,
        { remedy: failure.remedy, retryAfter: UNREACHABLE_SECONDS },
      );
    } finally {
      this.#callbacks--;
    }
  }

  #registered(request: RelayRequest, signed: SignedDescriptor): Http1Response {
    const { registry } = this.#options;
    // Two registrations may have waited for their call-backs.
    const known = registry.find(bytesKey(request.fingerprint));
    if (known !== undefined && registry.accept(known, request)) {
      return stale(known);
    }
    const record = registry.add(signed, { registered: true });
    switch (record) {
      case "banned":
        return banned();
      case "full":
        return problem("full", "This directory has no room for more relays.", {
          retryAfter: FULL_SECONDS,
        });
      case "stale":
        return problem("stale", "There is a later descriptor of this relay.", {
          sequence: known?.signed.descriptor.sequence,
        });
    }
    if (known === undefined) registry.accept(record, request);
    return this.#receipt(record);
  }

  #receipt(record: RelayRecord): Http1Response {
    const { registry, heartbeatSeconds } = this.#options;
    const { score, flags } = registry.verdict(record);
    const seconds = Math.max(
      heartbeatSeconds,
      registry.size / HEARTBEATS_A_SECOND,
    );
    const receipt: Receipt = {
      standing: record.standing,
      nextSeconds: Math.round(seconds * (0.9 + 0.2 * Math.random())),
      score,
      flags,
      issues: issuesOf(record, registry.now),
    };
    return json(receipt);
  }
}

/** The text in `{"request": "…"}`, and nothing beside it. */
function requestText(body: Uint8Array): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const [entry, ...more] = Object.entries(value);
  return entry?.[0] === "request" && more.length === 0 &&
      typeof entry[1] === "string"
    ? entry[1]
    : undefined;
}

function checkedDescriptor(
  bytes: Uint8Array,
  { fingerprint }: RelayRequest,
): SignedDescriptor | Http1Response {
  const signed = verifyDescriptor(bytes);
  if (typeof signed === "string") {
    return signed === "malformed" ? malformed() : problem(
      "not signed",
      `The descriptor is not taken: ${signed}. Is the clock of the relay right?`,
    );
  }
  return equalBytes(signed.descriptor.fingerprint, fingerprint)
    ? signed
    : notSigned();
}

function isOf<T extends RequestContent["type"]>(
  content: RequestContent,
  type: T,
): content is Content<T> {
  return content.type === type;
}

/** Whether the relay is somewhere else now. */
function moved(before: SignedDescriptor, after: SignedDescriptor): boolean {
  return JSON.stringify(before.descriptor.addresses) !==
    JSON.stringify(after.descriptor.addresses);
}

function malformed(): Http1Response {
  return problem("malformed", "This is no request for this directory.");
}

function banned(): Http1Response {
  return problem(
    "banned",
    "The operator of this directory has shut this relay out. It need not ask again.",
  );
}

function notSigned(): Http1Response {
  return problem("not signed", "The relay has not signed this.");
}

function stale({ requestSequence }: RelayRecord): Http1Response {
  return problem("stale", "A later request of this relay has come before.", {
    sequence: requestSequence,
  });
}
