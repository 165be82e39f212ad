/**
 * What a browser does with a SimpleX link. It happens there because the part
 * behind `#`, which has the keys, is never sent to the relay.
 *
 * @module
 */

import { qrModules } from "./qr_modules.ts";

/** A link in the forms that apps take. */
export interface AppLink {
  /** Opens the app: `simplex:/…`. */
  readonly app: string;
  /** To pass on: `https://…`. */
  readonly web: string;
}

/**
 * The link that a page was opened with (simplexmq 6.5.5, `AConnShortLink` and
 * `ConnectionRequestUri` in `Simplex.Messaging.Agent.Protocol`); `undefined`
 * when it is not whole.
 *
 * ```text
 * short  https://<host>/<a c g r>#<key>?h=<hosts>&p=<port>&c=<fingerprint>
 *        https://<host>/i#<id>/<key>?…
 * full   https://<host>/<contact invitation>#/?v=…&smp=…
 * ```
 * Of a short one for the app the host is the first in `h`.
 *
 * Its text is sent to browsers: it uses nothing from outside of itself.
 */
export function appLink(
  { pathname, hostname, hash }: {
    readonly pathname: string;
    readonly hostname: string;
    readonly hash: string;
  },
): AppLink | undefined {
  const kind = pathname.split("/").filter((part) => part !== "").pop() ?? "";
  const web = `https://${hostname}/${kind}${hash}`;
  if (kind.length > 1) {
    if (!/^#\/?\?.*\bsmp=./.test(hash)) return undefined;
    return { app: `simplex:/${kind}${hash}`, web };
  }
  const form = kind === "i"
    ? /^#[\w-]+=*\/[\w-]{43}=?(?:\?|$)/
    : /^#[\w-]{43}=?(?:\?|$)/;
  if (!form.test(hash)) return undefined;
  const query = hash.indexOf("?");
  const before = query < 0 ? hash : hash.slice(0, query);
  const params = query < 0 ? [] : hash.slice(query + 1).split("&");
  const others = params.filter((param) =>
    param !== "" && !param.startsWith("h=")
  );
  const hosts = params.filter((param) => param.startsWith("h="))
    .map((param) => param.slice(2)).filter((host) => host !== "");
  const all = [`h=${[hostname, ...hosts].join(",")}`, ...others].join("&");
  return { app: `simplex:/${kind}${before}?${all}`, web };
}

/**
 * The script of a link's page. Without it the page says how to go on; with it
 * there is a button that opens the app, and a QR code for another device.
 */
export const LINK_SCRIPT = `"use strict";
const appLink = ${appLink};
const qrModules = ${qrModules};
const part = (id) => document.getElementById(id);
function show() {
  const link = appLink(location);
  for (const id of ["go", "other"]) part(id).hidden = !link;
  part("broken").hidden = Boolean(link);
  part("plain").hidden = true;
  if (!link) return;
  part("open").href = link.app;
  const modules = qrModules(link.web);
  part("code").hidden = !modules;
  if (!modules) return;
  let path = "";
  modules.forEach((row, y) => row.forEach((dark, x) => {
    if (dark) path += "M" + (x + 4) + " " + (y + 4) + "h1v1h-1z";
  }));
  const size = modules.length + 8;
  part("qr").setAttribute("viewBox", "0 0 " + size + " " + size);
  part("dark").setAttribute("d", path);
}
part("copy").addEventListener("click", async () => {
  const link = appLink(location);
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(link.web);
  } catch {
    said = "Copy it from the address bar";
  }
  part("copied").textContent = said;
});
addEventListener("hashchange", show);
show();
`;
