/**
 * Small parts of pages.
 *
 * @module
 */

import { encode } from "uqr";
import type { Flag } from "../score.ts";
import type { Role } from "../descriptor/mod.ts";
import type { Standing } from "../registry/mod.ts";

/** What roles mean, for people. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  smp: "messages",
  xftp: "files",
  proxy: "private routing",
};

/** What standings mean, for people. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  new: "New: no probe has worked yet.",
  probation: "On probation: it works, and is not known for long.",
  established: "Established: known for long enough, and reliable.",
  dead: "Dead: it has not answered for days.",
  left: "It has left.",
  banned: "Shut out by the operator of this directory.",
};

const KINDS: Readonly<Record<Flag, "good" | "warn" | "bad" | "">> = {
  Running: "good",
  Stable: "good",
  Fast: "good",
  Established: "good",
  Open: "",
  Full: "warn",
  Leaving: "warn",
  Copied: "bad",
};

/** All flags in a row. */
export function Flags(
  { flags, standing }: {
    readonly flags: readonly Flag[];
    readonly standing?: Standing;
  },
) {
  return (
    <ul class="tags" aria-label="Flags">
      {flags.map((flag) => <li class={`tag ${KINDS[flag]}`}>{flag}</li>)}
      {standing === "probation" ? <li class="tag">On probation</li> : null}
      {flags.includes("Running") ? null : <li class="tag bad">Not running</li>}
      {flags.includes("Open") ? null : <li class="tag">For friends</li>}
    </ul>
  );
}

/** A score as a ring. */
export function Score({ score }: { readonly score: number }) {
  const length = 2 * Math.PI * 17;
  const kind = score >= 80 ? "" : score >= 50 ? " warn" : " bad";
  return (
    <svg
      class="score"
      viewBox="0 0 40 40"
      role="img"
      aria-label={`Score ${score} of 100`}
    >
      <circle class="ring" cx="20" cy="20" r="17" />
      {score > 0
        ? (
          <circle
            class={`part${kind}`}
            cx="20"
            cy="20"
            r="17"
            stroke-dasharray={`${(length * score / 100).toFixed(1)} ${
              length.toFixed(1)
            }`}
            transform="rotate(-90 20 20)"
          />
        )
        : null}
      <text x="20" y="24.5">{score}</text>
    </svg>
  );
}

/** A QR code; black on white in the dark as well, for the cameras. */
export function QrCode(
  { text, label }: { readonly text: string; readonly label: string },
) {
  const { data, size } = encode(text, { ecc: "L", border: 4 });
  const path = data.flatMap((row, y) =>
    row.map((dark, x) => dark ? `M${x} ${y}h1v1h-1z` : "")
  ).join("");
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <path d={path} fill="#000" />
    </svg>
  );
}

/** "relay.example.org" of "smp://…@relay.example.org,….onion:5223". */
export function hostOf(address: string | undefined): string {
  const [, hosts = "unknown"] = /@(.*?)(?::\d+)?$/.exec(address ?? "") ?? [];
  return hosts.split(",")[0].replace(/^\[(.*)\]$/, "$1");
}

/** A host that may be broken after its dots. */
export function Host({ name }: { readonly name: string }) {
  const parts = name.split(".");
  return (
    <bdi>
      {parts.map((part, at) =>
        at < parts.length - 1
          ? (
            <>
              {part}.<wbr />
            </>
          )
          : part
      )}
    </bdi>
  );
}

/** "99.8 %" */
export function percent(share: number): string {
  const value = share * 100;
  return `${value.toFixed(value > 90 && value < 100 ? 1 : 0)} %`;
}
