/**
 * SSDP: the datagrams by which UPnP devices are found
 * (UPnP Device Architecture 1.1, section 1).
 *
 * @module
 */

/** An answer to a search, or a device that speaks of itself. */
export interface SsdpMessage {
  readonly kind: "answer" | "alive" | "update" | "byebye";
  /** What it is: `ST` of an answer, `NT` of a notice. */
  readonly target: string;
  /** Where its description is; a `byebye` has none. */
  readonly location: URL | undefined;
  /** `BOOTID.UPNP.ORG` (of an update: the next one): grows at each start. */
  readonly bootId: number | undefined;
}

/** Longer ones are not read. Real ones have 200 to 600 bytes. */
const MAX_BYTES = 2_048;
const MAX_LINES = 40;

/**
 * Reads a datagram.
 *
 * @returns `undefined` for anything else than the four kinds, or when it names
 * a place that is not plain HTTP at an address
 */
export function decodeSsdp(bytes: Uint8Array): SsdpMessage | undefined {
  if (bytes.length > MAX_BYTES) return undefined;
  const lines = new TextDecoder("latin1").decode(bytes).split(/\r?\n/);
  if (lines.length > MAX_LINES) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  const kind = kindOf(lines[0], headers.get("nts"));
  const target = headers.get(kind === "answer" ? "st" : "nt");
  if (kind === undefined || target === undefined) return undefined;
  const location = decodeLocation(headers.get("location"));
  if (location === undefined && kind !== "byebye") return undefined;
  const boot =
    (kind === "update" ? headers.get("nextbootid.upnp.org") : undefined) ??
      headers.get("bootid.upnp.org");
  const bootId = boot !== undefined && /^[0-9]{1,10}$/.test(boot)
    ? Number(boot)
    : undefined;
  return { kind, target, location, bootId };
}

/** A search for one kind of device or service. */
export function encodeSearch(
  options: { readonly host: string; readonly target: string },
): Uint8Array {
  return new TextEncoder().encode(
    `M-SEARCH * HTTP/1.1\r\nHOST: ${options.host}\r\n` +
      `MAN: "ssdp:discover"\r\nMX: 1\r\nST: ${options.target}\r\n\r\n`,
  );
}

function kindOf(
  firstLine: string,
  subtype: string | undefined,
): SsdpMessage["kind"] | undefined {
  if (/^HTTP\/1\.[01] 200(?: |$)/i.test(firstLine)) return "answer";
  if (!/^NOTIFY \* HTTP\/1\.[01]$/i.test(firstLine)) return undefined;
  switch (subtype?.toLowerCase()) {
    case "ssdp:alive":
      return "alive";
    case "ssdp:update":
      return "update";
    case "ssdp:byebye":
      return "byebye";
  }
}

/** Plain HTTP, an address and not a name, no user, no password. */
function decodeLocation(text: string | undefined): URL | undefined {
  if (text === undefined || text.length > 512) return undefined;
  const url = URL.parse(text);
  if (url === null || url.protocol !== "http:") return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  return /^(?:\[[0-9a-f:.]+\]|[0-9]{1,3}(?:\.[0-9]{1,3}){3})$/.test(
      url.hostname,
    )
    ? url
    : undefined;
}
