import { createHash } from "node:crypto";
import type { Component } from "./components.ts";
import type { Sources } from "./sources.ts";
import type { Target } from "./targets.ts";

/**
 * What is in an executable, as CycloneDX 1.5 (ECMA-424) in JSON. All in it
 * follows from the commit and the executable, the serial number too.
 */
export function sbomOf(
  components: readonly Component[],
  { sources, target, sha256 }: {
    sources: Sources;
    target: Target;
    /** Of the executable, in hex. */
    sha256: string;
  },
): string {
  const { version, commit, time } = sources;
  const main = `pkg:generic/porchlight@${version}?arch=${target.name}`;
  const sbom = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    serialNumber: `urn:uuid:${uuidOf(`${main} ${sha256}`)}`,
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString().replace(".000", ""),
      component: {
        type: "application",
        "bom-ref": main,
        name: "porchlight",
        version,
        purl: main,
        licenses: [{ license: { id: "AGPL-3.0-only" } }],
        hashes: [{ alg: "SHA-256", content: sha256 }],
        properties: [{ name: "porchlight:commit", value: commit }],
      },
    },
    components: components.map((component) => ({
      type: component.purl.includes("@deno/") ? "platform" : "library",
      "bom-ref": component.purl,
      name: component.name,
      version: component.version,
      purl: component.purl,
      licenses: [{ expression: component.licence }],
      ...component.sha512 &&
        { hashes: [{ alg: "SHA-512", content: component.sha512 }] },
    })),
    dependencies: [{
      ref: main,
      dependsOn: components.map(({ purl }) => purl),
    }],
  };
  return `${JSON.stringify(sbom, undefined, 2)}\n`;
}

/** A UUID (RFC 9562, version 8) out of a text. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = bytes[6] & 0x0f | 0x80;
  bytes[8] = bytes[8] & 0x3f | 0x80;
  const hex = bytes.toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
