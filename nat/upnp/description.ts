/**
 * The description of a device: what it is called and which services it has
 * (UPnP Device Architecture 1.1, section 2.3).
 *
 * @module
 */

import { MappingError, type RouterLink } from "../mapping.ts";
import { askHttp, HttpError } from "./http_client.ts";
import { plainAddress, withZone } from "./local_network.ts";
import { childText, descendants, parseXml } from "./xml.ts";

/** A service that can be asked something. */
export interface Service {
  /** `urn:schemas-upnp-org:service:...` */
  readonly type: string;
  /** Where questions go: always the address the description came from. */
  readonly control: URL;
  /** Where its news are subscribed to, at the same address. */
  readonly events?: URL;
}

/** What a device says of itself. */
export interface Description {
  /** Name for people. */
  readonly name: string | undefined;
  /** In the order of the document. */
  readonly services: readonly Service[];
}

const MAX_SERVICES = 64;

/**
 * Fetches and reads a description.
 *
 * @throws {MappingError} `no answer` or `bad answer`
 */
export async function fetchDescription(
  location: URL,
  options: { readonly link: RouterLink; readonly signal: AbortSignal },
): Promise<Description> {
  const { link, signal } = options;
  try {
    const answer = await askHttp({
      ...endpoint(location, link),
      method: "GET",
    }, { signal });
    const description = answer.status === 200
      ? parseDescription(answer.body, location)
      : undefined;
    if (description !== undefined) return description;
    throw new MappingError(
      "bad answer",
      `The router's UPnP description cannot be read (HTTP ${answer.status}).`,
    );
  } catch (cause) {
    if (!(cause instanceof HttpError)) throw cause;
    throw new MappingError(
      cause.failure,
      `The router announced UPnP but does not say what it can do: ${cause.message}.`,
      { cause },
    );
  }
}

/**
 * Reads a description that came from `location`. Services whose control URL
 * leads to another host are left out.
 */
export function parseDescription(
  document: string,
  location: URL,
): Description | undefined {
  const root = parseXml(document);
  if (root?.name !== "root") return undefined;
  const declared = childText(root, "URLBase");
  const base = (declared && URL.parse(declared, location)) || location;
  const services: Service[] = [];
  for (const element of descendants(root, "service")) {
    const type = childText(element, "serviceType");
    const path = childText(element, "controlURL");
    if (!type || !path || type.length > 128 || path.length > 512) continue;
    const control = urlOf(path, { base, location });
    const events = childText(element, "eventSubURL");
    if (control && services.length < MAX_SERVICES) {
      services.push({
        type,
        control,
        events: events ? urlOf(events, { base, location }) : undefined,
      });
    }
  }
  const device = root.children.find((one) => one.name === "device");
  return { name: cleanName(childText(device, "friendlyName")), services };
}

/** A URL of the device; `undefined` where it leads to another host. */
function urlOf(
  path: string,
  { base, location }: { readonly base: URL | string; readonly location: URL },
): URL | undefined {
  if (path.length > 512) return undefined;
  // A base left over from another address must not hide the service.
  return [base, location]
    .map((from) => URL.parse(path, from))
    .find((url) => url !== null && isSameHost(url, location)) ?? undefined;
}

/** Host, port and path of a URL on the network of `link`. */
export function endpoint(url: URL, link: RouterLink) {
  return {
    address: withZone(plainAddress(url.hostname), link),
    port: url.port === "" ? 80 : Number(url.port),
    host: url.host,
    path: `${url.pathname}${url.search}`,
    localAddress: link.localAddress,
  };
}

/** What a device wrote, made fit to be shown: one line, at most 64 characters. */
export function cleanName(text: string | undefined): string | undefined {
  const clean = text?.replace(/[\p{C}\s]+/gu, " ").trim().slice(0, 64);
  return clean === "" ? undefined : clean;
}

function isSameHost(url: URL, location: URL): boolean {
  return url.protocol === "http:" && url.hostname === location.hostname &&
    url.username === "" && url.password === "";
}
