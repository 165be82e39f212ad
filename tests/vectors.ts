/**
 * Reads the values recorded from the reference (simplexmq 6.5.5) in
 * `tests/vectors/`. Binary is hex there; larger binary is gzip in base64 with
 * its length and SHA-256, which are checked here.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";

/** One recorded value with its inputs and outputs by name. */
export class Vector {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: unknown) {
    assert.ok(isRecord(fields), "A vector is an object");
    this.#fields = fields;
  }

  /** Name of the vector, for messages. */
  get id(): string {
    return this.text("id");
  }

  /** The field as it stands in the file. */
  get(name: string): unknown {
    return this.#fields[name];
  }

  has(name: string): boolean {
    return name in this.#fields;
  }

  text(name: string): string {
    const value = this.get(name);
    assert.ok(typeof value === "string", `${name} is text`);
    return value;
  }

  number(name: string): number {
    const value = this.get(name);
    assert.ok(typeof value === "number", `${name} is a number`);
    return value;
  }

  boolean(name: string): boolean {
    const value = this.get(name);
    assert.ok(typeof value === "boolean", `${name} is a boolean`);
    return value;
  }

  bytes(name: string): Uint8Array {
    return bytesOf(this.get(name));
  }

  /** A field that has fields of its own: a key, an output. */
  object(name: string): Vector {
    return new Vector(this.get(name));
  }

  /** A field that is a list of objects. */
  objects(name: string): Vector[] {
    const value = this.get(name);
    assert.ok(Array.isArray(value), `${name} is a list`);
    return value.map((item) => new Vector(item));
  }

  /** Bytes, or `undefined` where the reference answered with an error. */
  bytesOrError(name: string): Uint8Array | undefined {
    const value = this.get(name);
    if (isRecord(value) && "error" in value) return undefined;
    return bytesOf(value);
  }
}

/** What `tests/vectors/<file>` says; `<name>.json.gz` is unpacked. */
export function readVectorFile(file: string): unknown {
  const url = new URL(`./vectors/${file}`, import.meta.url);
  const bytes = Deno.readFileSync(url);
  const json = file.endsWith(".gz") ? gunzipSync(bytes) : bytes;
  return JSON.parse(new TextDecoder().decode(json));
}

/**
 * All vectors of `tests/vectors/<name>.json` (or `<name>.json.gz` when the
 * name ends so), or only those of a type.
 */
export function readVectors(name: string, type?: string): Vector[] {
  const file = readVectorFile(
    name.endsWith(".json.gz") ? name : `${name}.json`,
  );
  assert.ok(isRecord(file) && Array.isArray(file.vectors));
  const vectors = file.vectors.map((fields) => new Vector(fields));
  if (type === undefined) return vectors;
  const chosen = vectors.filter((vector) => vector.text("type") === type);
  // A test over no vectors would prove nothing.
  assert.ok(chosen.length > 0, `No vectors of type ${type}`);
  return chosen;
}

/** Bytes of hex text, or of larger binary as described above. */
export function bytesOf(value: unknown): Uint8Array {
  if (typeof value === "string") return Uint8Array.fromHex(value);
  assert.ok(isRecord(value) && typeof value.gzipBase64 === "string");
  const bytes = new Uint8Array(
    gunzipSync(Uint8Array.fromBase64(value.gzipBase64)),
  );
  assert.equal(bytes.length, value.length);
  assert.equal(sha256Hex(bytes), value.sha256);
  return bytes;
}

/** Lower-case hex of the SHA-256. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Asserts bytes of which only length, beginning and SHA-256 are recorded. */
export function assertDigest(actual: Uint8Array, expected: Vector): void {
  const prefix = expected.text("prefix");
  assert.equal(actual.length, expected.number("length"));
  assert.equal(actual.subarray(0, prefix.length / 2).toHex(), prefix);
  assert.equal(sha256Hex(actual), expected.text("sha256"));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
