/**
 * File descriptions as text (simplexmq 6.5.5, `StrEncoding` of
 * `FileDescription`, `YAMLFileDescription` in
 * `Simplex.FileTransfer.Description`).
 *
 * ```yaml
 * chunkSize: 4mb
 * digest: SHA-512 of the encrypted file
 * key: 32 bytes
 * nonce: 24 bytes
 * party: recipient            # or sender
 * redirect:                   # only where the file is a description
 *   digest: SHA-512
 *   size: 17825792
 * replicas:
 * - chunks:
 *   - number:ID:key:digest    # see replicas.ts
 *   server: xftp://…
 * size: 13mb
 * ```
 *
 * @module
 */

import {
  AddressError,
  formatServerAddress,
  parseServerAddress,
  type ServerAddress,
} from "../../smp/mod.ts";
import { fromBase64Url, toBase64Url } from "../../wire/mod.ts";
import {
  DescriptionError,
  FILE_DIGEST_SIZE,
  type FileDescription,
  type RedirectedFile,
  validateDescription,
} from "./description.ts";
import { formatFileSize, parseFileSize } from "./file_size.ts";
import { chunksOf, groupByServer, type ServerReplicas } from "./replicas.ts";
import { parseYaml, YamlError, yamlScalar, type YamlValue } from "./yaml.ts";

/**
 * Longest text that is looked at, in characters; the description of the
 * largest file of the apps (5 GB, 3 replicas of each chunk) has 450000.
 */
export const MAX_DESCRIPTION_LENGTH = 4 * 1024 * 1024;

const KEY_SIZE = 32;
const NONCE_SIZE = 24;

/**
 * The description as text, byte for byte as the reference writes it, but IPv6
 * hosts are in brackets so that they can be read back.
 *
 * @throws {DescriptionError} when its chunks do not fit together
 */
export function formatFileDescription(description: FileDescription): string {
  validateDescription(description);
  const { chunkSize, digest, key, nonce, party, redirect } = description;
  const lines = [
    `chunkSize: ${yamlScalar(formatFileSize(chunkSize))}`,
    `digest: ${yamlBytes(digest)}`,
    `key: ${yamlBytes(key)}`,
    `nonce: ${yamlBytes(nonce)}`,
    `party: ${party}`,
  ];
  if (redirect !== undefined) {
    lines.push(
      "redirect:",
      `  digest: ${yamlBytes(redirect.digest)}`,
      `  size: ${redirect.size}`,
    );
  }
  lines.push("replicas:");
  for (const group of groupByServer(description.chunks, chunkSize)) {
    lines.push(
      "- chunks:",
      ...group.replicas.map((replica) => `  - ${yamlScalar(replica)}`),
      `  server: ${yamlScalar(formatServerAddress(group.server))}`,
    );
  }
  lines.push(`size: ${yamlScalar(formatFileSize(description.size))}`, "");
  return lines.join("\n");
}

/**
 * The description that a text says.
 *
 * Stricter than the reference on what cannot be downloaded: digests have their
 * lengths, there is at least one chunk. Fields that are not known are ignored.
 *
 * @throws {DescriptionError} when it does not say one
 */
export function parseFileDescription(text: string): FileDescription {
  if (text.length > MAX_DESCRIPTION_LENGTH) {
    throw new DescriptionError("it is too long");
  }
  const fields = mappingOf(readYaml(text));
  const chunkSize = sizeOf(fields, "chunkSize");
  const description: FileDescription = {
    party: partyOf(fields),
    size: sizeOf(fields, "size"),
    digest: bytesOf(fields, "digest", FILE_DIGEST_SIZE),
    key: bytesOf(fields, "key", KEY_SIZE),
    nonce: bytesOf(fields, "nonce", NONCE_SIZE),
    chunkSize,
    chunks: chunksOf(
      listOf(fields.get("replicas")).map(serverReplicasOf),
      chunkSize,
    ),
    redirect: redirectOf(fields.get("redirect")),
  };
  validateDescription(description);
  return description;
}

type Fields = ReadonlyMap<string, YamlValue>;

function readYaml(text: string): YamlValue {
  try {
    return parseYaml(text);
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    throw new DescriptionError("it was cut off or changed", { cause });
  }
}

function mappingOf(value: YamlValue | undefined): Fields {
  if (value instanceof Map) return value;
  throw new DescriptionError("it has another form");
}

function listOf(value: YamlValue | undefined): readonly YamlValue[] {
  if (Array.isArray(value)) return value;
  throw new DescriptionError("it has another form");
}

function textOf(value: YamlValue | undefined, name: string): string {
  if (typeof value === "string") return value;
  throw new DescriptionError(`"${name}" is missing`);
}

function sizeOf(fields: Fields, name: string): number {
  const size = parseFileSize(textOf(fields.get(name), name));
  if (size !== undefined) return size;
  throw new DescriptionError(`"${name}" is not a size`);
}

function bytesOf(fields: Fields, name: string, length: number): Uint8Array {
  const bytes = fromBase64Url(textOf(fields.get(name), name));
  if (bytes?.length === length) return bytes;
  throw new DescriptionError(`"${name}" is not complete`);
}

function partyOf(fields: Fields): FileDescription["party"] {
  const party = textOf(fields.get("party"), "party");
  if (party === "recipient" || party === "sender") return party;
  throw new DescriptionError("it does not say for whom it is");
}

function redirectOf(value: YamlValue | undefined): RedirectedFile | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = mappingOf(value);
  return {
    size: sizeOf(fields, "size"),
    digest: bytesOf(fields, "digest", FILE_DIGEST_SIZE),
  };
}

function serverReplicasOf(value: YamlValue): ServerReplicas {
  const fields = mappingOf(value);
  return {
    server: serverOf(textOf(fields.get("server"), "server")),
    replicas: listOf(fields.get("chunks")).map((text) =>
      textOf(text, "chunks")
    ),
  };
}

function serverOf(text: string): ServerAddress {
  try {
    const server = parseServerAddress(text);
    if (server.scheme === "xftp" && server.password === undefined) {
      return server;
    }
  } catch (cause) {
    if (!(cause instanceof AddressError)) throw cause;
    throw new DescriptionError("it names a server that cannot be", { cause });
  }
  throw new DescriptionError("it names a server that is not for files");
}

function yamlBytes(bytes: Uint8Array): string {
  return yamlScalar(toBase64Url(bytes));
}
