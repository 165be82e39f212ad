/**
 * Makes `dist/porchlight-container-<target>.tar`, an OCI image, without a
 * container engine: one layer with a few libraries of Debian, one with the
 * executable. `docker load` and `podman load` take it.
 *
 * ```sh
 * deno run -A build/container.ts --target x86_64-linux   # needs mmdebstrap
 * ```
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import {
  type FinishedArtifact,
  finishedArtifact,
  unpackArtifact,
} from "./artifact.ts";
import { run } from "./run.ts";
import { CHECKOUT } from "./sources.ts";
import { tar, type TarEntry } from "./tar.ts";
import { targetNamed, TARGETS } from "./targets.ts";

/** Owner of the relay's data in the container. */
const USER = 10001;

const DATA = "var/lib/porchlight";

/** What the executable needs of Debian, and a shell for its launcher. */
const PACKAGES = [
  "base-files",
  "busybox-static",
  "ca-certificates",
  "libc6",
  "libgcc-s1",
  "libssl3",
  "libstdc++6",
  "netbase",
];

const APPLETS =
  "sh cat chmod gzip head id ip mkdir mktemp mv readlink rm sha256sum sync tail uname";

/**
 * Makes the image; the same executable and packages give the same bytes.
 *
 * @returns its path
 * @throws {BuildError} when mmdebstrap is missing or cannot reach Debian
 */
export async function makeContainer(
  artifact: FinishedArtifact,
): Promise<string> {
  const { target, version, time, directory } = artifact;
  const layers = [
    layerOf(await debianRoot(artifact)),
    layerOf(tar(await programEntries(artifact), time)),
  ];
  const created = new Date(time * 1000).toISOString();
  const config = blobOf(JSON.stringify({
    created,
    architecture: target.architecture,
    os: "linux",
    config: {
      User: `${USER}:${USER}`,
      Env: ["PATH=/usr/bin:/bin", "HOME=/tmp"],
      Entrypoint: ["/usr/bin/porchlight"],
      Cmd: ["start", "--data", `/${DATA}`],
      ExposedPorts: { "5223/tcp": {} },
      Volumes: { [`/${DATA}`]: {} },
      WorkingDir: `/${DATA}`,
      StopSignal: "SIGTERM",
      // Docker's addition to the format; others pass it over.
      Healthcheck: {
        Test: ["CMD", "/usr/bin/porchlight", "status", "--data", `/${DATA}`],
        Interval: 60e9,
        Timeout: 20e9,
        StartPeriod: 60e9,
        Retries: 3,
      },
      Labels: {
        "org.opencontainers.image.title": "Porchlight",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "AGPL-3.0-only",
      },
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: [
      { created, created_by: "Debian packages" },
      { created, created_by: `porchlight ${version}` },
    ],
  }));
  const kind = "application/vnd.oci.image";
  const manifest = blobOf(JSON.stringify({
    schemaVersion: 2,
    mediaType: `${kind}.manifest.v1+json`,
    config: describe(config, `${kind}.config.v1+json`),
    layers: layers.map(({ blob }) =>
      describe(blob, `${kind}.layer.v1.tar+gzip`)
    ),
  }));
  const blobs = [...layers.map(({ blob }) => blob), config, manifest];
  const path = join(directory, `porchlight-container-${target.name}.tar`);
  const reference = `porchlight:${version}`;
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: [{
      ...describe(manifest, `${kind}.manifest.v1+json`),
      annotations: { "org.opencontainers.image.ref.name": version },
      platform: { architecture: target.architecture, os: "linux" },
    }],
  });
  // For `docker load` of engines before 25.
  const dockerManifest = JSON.stringify([{
    Config: pathOf(config),
    RepoTags: [reference],
    Layers: layers.map(({ blob }) => pathOf(blob)),
  }]);
  await Deno.writeFile(
    path,
    tar([
      { path: "blobs", mode: 0o755, type: "directory" },
      { path: "blobs/sha256", mode: 0o755, type: "directory" },
      ...blobs.map((blob) => file(pathOf(blob), blob.bytes)),
      file("index.json", index),
      file("manifest.json", dockerManifest),
      file("oci-layout", `{"imageLayoutVersion":"1.0.0"}`),
    ], time),
  );
  return path;
}

/** Content and its name. */
interface Blob {
  readonly bytes: Uint8Array;
  /** SHA-256 in hex. */
  readonly digest: string;
}

function blobOf(content: string | Uint8Array): Blob {
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { bytes, digest };
}

function layerOf(archive: Uint8Array): { blob: Blob; diffId: string } {
  const blob = blobOf(gzipSync(archive, { level: 6 }));
  return { blob, diffId: `sha256:${blobOf(archive).digest}` };
}

function describe({ bytes, digest }: Blob, mediaType: string) {
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}

function pathOf({ digest }: Blob): string {
  return `blobs/sha256/${digest}`;
}

function file(path: string, content: string | Uint8Array): TarEntry {
  return { path, mode: 0o644, type: "file", content: blobOf(content).bytes };
}

/** The packages, unpacked and not configured: none of them runs anything. */
async function debianRoot(
  { target, time }: FinishedArtifact,
): Promise<Uint8Array> {
  const hooks = [
    // What update-ca-certificates and update-alternatives would have made.
    'mkdir -p "$1/etc/ssl/certs" "$1/bin" "$1/tmp"',
    'LC_ALL=C; cat "$1"/usr/share/ca-certificates/mozilla/*.crt > "$1/etc/ssl/certs/ca-certificates.crt"',
    `for name in ${APPLETS}; do ln -sf busybox "$1/bin/$name"; done`,
    'rm -rf "$1"/var/cache/* "$1"/var/lib/apt "$1"/var/lib/dpkg/info "$1"/var/log/* "$1"/usr/share/doc/*/changelog* "$1"/usr/share/man "$1"/usr/share/locale',
    'chmod 1777 "$1/tmp"',
  ];
  return await run([
    "mmdebstrap",
    "--quiet",
    "--variant=extract",
    `--architectures=${target.architecture}`,
    `--include=${PACKAGES.join(",")}`,
    ...hooks.map((hook) => `--extract-hook=${hook}`),
    "bookworm",
    "-",
  ], { env: { SOURCE_DATE_EPOCH: String(time) } });
}

async function programEntries(
  { path, version }: FinishedArtifact,
): Promise<TarEntry[]> {
  const programs = "usr/libexec/porchlight";
  const home = `${programs}/versions/${version}`;
  const unpacked = await unpackArtifact(path);
  const entries: TarEntry[] = [
    file("etc/passwd", passwd("/usr/sbin/nologin")),
    file("etc/group", `root:x:0:\nporchlight:x:${USER}:\n`),
    directory("usr/libexec"),
    directory(programs),
    directory(`${programs}/versions`),
    directory(home),
    link(`${programs}/current`, `versions/${version}`),
    link("usr/bin/porchlight", "../libexec/porchlight/current/porchlight"),
    { ...directory(DATA), mode: 0o700, id: USER },
  ];
  if (unpacked === undefined) {
    const content = await Deno.readFile(path);
    entries.push({ ...file(`${home}/porchlight`, content), mode: 0o755 });
    return entries;
  }
  // Nothing has to be unpacked in a container: its script is enough.
  const { id, launcher, files } = unpacked;
  const place = `${home}/unpacked/${id}`;
  return [
    ...entries,
    { ...file(`${home}/porchlight`, launcher), mode: 0o755 },
    directory(`${home}/unpacked`),
    directory(place),
    ...files.map(({ name, mode, bytes }) => ({
      ...file(join(place, basename(name)), bytes),
      mode,
    })),
  ];
}

function passwd(shell: string): string {
  return `root:x:0:0:root:/root:${shell}\n` +
    `porchlight:x:${USER}:${USER}::/${DATA}:${shell}\n`;
}

function directory(path: string): TarEntry {
  return { path, mode: 0o755, type: "directory" };
}

function link(path: string, target: string): TarEntry {
  return { path, mode: 0o777, type: "link", target };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      directory: { type: "string", default: join(CHECKOUT, "dist") },
    },
  });
  const { directory } = values;
  for (const target of values.target?.map(targetNamed) ?? TARGETS) {
    const artifact = await finishedArtifact(target, { directory });
    console.log(await makeContainer(artifact));
  }
}
