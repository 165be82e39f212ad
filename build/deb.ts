/**
 * Makes `dist/porchlight_<version>_<architecture>.deb` of an executable and the
 * units, with dpkg-deb: the layout is that of `install/LAYOUT.md`.
 *
 * ```sh
 * deno run -A build/deb.ts --target x86_64-linux
 * ```
 *
 * @module
 */

import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { type FinishedArtifact, finishedArtifact } from "./artifact.ts";
import { run } from "./run.ts";
import { CHECKOUT } from "./sources.ts";
import { targetNamed, TARGETS } from "./targets.ts";

/** Where files of `systemd/` go. */
const PLACES: Readonly<Record<string, string>> = {
  "sysusers.conf": "usr/lib/sysusers.d/porchlight.conf",
  "tmpfiles.conf": "usr/lib/tmpfiles.d/porchlight.conf",
};

/**
 * Makes the package; the same executable gives the same bytes.
 *
 * @returns its path
 * @throws {BuildError}
 */
export async function makeDeb(artifact: FinishedArtifact): Promise<string> {
  const { target, version, time, directory } = artifact;
  // "-" begins Debian's own revision, and "~" sorts before nothing.
  const debianVersion = version.replace("-", "~");
  const work = await Deno.makeTempDir({ prefix: "porchlight-deb-" });
  try {
    await Deno.chmod(work, 0o755);
    const tree: Tree = { work, installed: 0 };
    await addFiles(tree, artifact);
    await addDocuments(tree, { artifact, debianVersion });
    await addControl(tree, { artifact, debianVersion });
    const name = `porchlight_${debianVersion}_${target.architecture}.deb`;
    const output = join(directory, name);
    // Most of it is compressed already.
    const how = ["--root-owner-group", "-Zxz", "-z1", "--build"];
    await run(["dpkg-deb", ...how, work, output], {
      env: { SOURCE_DATE_EPOCH: String(time) },
    });
    return output;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The files of a package while it is made; the size is in bytes. */
interface Tree {
  readonly work: string;
  installed: number;
}

async function add(
  tree: Tree,
  { path, content, mode = 0o644 }: {
    path: string;
    content: string | Uint8Array;
    mode?: number;
  },
): Promise<void> {
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  const full = join(tree.work, path);
  await makeDirectories(tree.work, dirname(path));
  await Deno.writeFile(full, bytes);
  await Deno.chmod(full, mode);
  tree.installed += bytes.length;
}

/** With a mode that no umask changes. */
async function makeDirectories(work: string, path: string): Promise<void> {
  let full = work;
  for (const part of path.split("/")) {
    full = join(full, part);
    await Deno.mkdir(full, { recursive: true });
    await Deno.chmod(full, 0o755);
  }
}

async function addFiles(tree: Tree, { path }: FinishedArtifact): Promise<void> {
  await add(tree, {
    path: "usr/libexec/porchlight/packaged/porchlight",
    content: await Deno.readFile(path),
    mode: 0o755,
  });
  const units = join(CHECKOUT, "systemd");
  for await (const { name } of Deno.readDir(units)) {
    if (!/\.(service|timer|conf)$/.test(name)) continue;
    await add(tree, {
      path: PLACES[name] ?? `usr/lib/systemd/system/${name}`,
      content: await Deno.readTextFile(join(units, name)),
    });
  }
  await makeDirectories(tree.work, "usr/bin");
  await Deno.symlink(
    "../libexec/porchlight/current/porchlight",
    join(tree.work, "usr/bin/porchlight"),
  );
}

async function addDocuments(
  tree: Tree,
  { artifact, debianVersion }: {
    artifact: FinishedArtifact;
    debianVersion: string;
  },
): Promise<void> {
  const { directory, time } = artifact;
  const documents = "usr/share/doc/porchlight";
  const others = await Deno.readTextFile(join(directory, "THIRD_PARTY.txt"));
  await add(tree, {
    path: `${documents}/copyright`,
    content: "Porchlight is under the GNU Affero General Public License, " +
      "version 3 only.\n\n" +
      `${await Deno.readTextFile(join(CHECKOUT, "LICENSE"))}\n${others}`,
  });
  const date = new Date(time * 1000).toUTCString().replace("GMT", "+0000");
  await add(tree, {
    path: `${documents}/changelog.gz`,
    content: gzipSync(
      `porchlight (${debianVersion}) stable; urgency=medium\n\n` +
        `  * Release ${artifact.version}.\n\n -- ${MAINTAINER}  ${date}\n`,
      { level: 9 },
    ),
  });
}

const MAINTAINER = "Porchlight maintainers <maintainers@porchlight.example>";

async function addControl(
  tree: Tree,
  { artifact, debianVersion }: {
    artifact: FinishedArtifact;
    debianVersion: string;
  },
): Promise<void> {
  const control = [
    "Package: porchlight",
    `Version: ${debianVersion}`,
    `Architecture: ${artifact.target.architecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${Math.ceil(tree.installed / 1024)}`,
    "Depends: libc6 (>= 2.27), libgcc-s1, libstdc++6, libssl3 | libssl3t64, systemd",
    "Recommends: ca-certificates, iproute2",
    "Suggests: tor",
    "Section: net",
    "Priority: optional",
    "Description: SimpleX relay at home",
    " Porchlight turns this machine into a relay for the SimpleX messenger: for",
    " messages and files, reachable through home routers.",
    "",
  ].join("\n");
  await add(tree, { path: "DEBIAN/control", content: control });
  for (const name of ["postinst", "prerm", "postrm"]) {
    const script = await Deno.readTextFile(
      join(CHECKOUT, "build/debian", name),
    );
    await add(tree, {
      path: `DEBIAN/${name}`,
      content: script.replaceAll("@VERSION@", artifact.version),
      mode: 0o755,
    });
  }
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
    console.log(await makeDeb(await finishedArtifact(target, { directory })));
  }
}
