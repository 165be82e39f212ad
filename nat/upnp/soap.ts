/**
 * Questions to a service (UPnP Device Architecture 1.1, section 3.1).
 *
 * @module
 */

import { MappingError, type RouterLink } from "../mapping.ts";
import { cleanName, endpoint, type Service } from "./description.ts";
import { askHttp, type HttpAnswer, HttpError } from "./http_client.ts";
import { child, childText, descendants, escapeXml, parseXml } from "./xml.ts";

/** What a service answered: the text of each argument. */
export type SoapResult = ReadonlyMap<string, string>;

/** The service said no. */
export class SoapFault extends Error {
  override readonly name = "SoapFault";
  /** UPnP error code; 401 also where the service knows no such action. */
  readonly code: number;

  constructor(code: number, description: string | undefined) {
    super(description ? `${description} (UPnP ${code})` : `UPnP ${code}`);
    this.code = code;
  }
}

/** Error codes that mean: this device does not have this action. */
export function isUnknownAction(error: unknown): boolean {
  return error instanceof SoapFault &&
    (error.code === 401 || error.code === 404 || error.code === 405 ||
      error.code === 602);
}

/**
 * Asks a service.
 *
 * @throws {SoapFault} the service refuses
 * @throws {MappingError} `no answer` or `bad answer`
 */
export async function askService(
  question: {
    readonly service: Service;
    readonly action: string;
    readonly input?: Readonly<Record<string, string | number>>;
  },
  options: { readonly link: RouterLink; readonly signal: AbortSignal },
): Promise<SoapResult> {
  const { service, action, input = {} } = question;
  let answer: HttpAnswer;
  try {
    answer = await askHttp({
      ...endpoint(service.control, options.link),
      method: "POST",
      headers: {
        "Content-Type": 'text/xml; charset="utf-8"',
        "SOAPAction": `"${service.type}#${action}"`,
      },
      body: encodeEnvelope(service.type, { action, input }),
    }, { signal: options.signal });
  } catch (cause) {
    if (!(cause instanceof HttpError)) throw cause;
    throw new MappingError(
      cause.failure,
      `The router did not answer ${action}: ${cause.message}.`,
      { cause },
    );
  }
  const result = decodeEnvelope(answer, action);
  if (result instanceof SoapFault) throw result;
  if (result !== undefined) return result;
  throw new MappingError(
    "bad answer",
    `The router's answer to ${action} cannot be read (HTTP ${answer.status}).`,
  );
}

function encodeEnvelope(
  type: string,
  call: {
    readonly action: string;
    readonly input: Readonly<Record<string, string | number>>;
  },
): string {
  const input = Object.entries(call.input)
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`)
    .join("");
  return '<?xml version="1.0"?>\r\n' +
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
    `<u:${call.action} xmlns:u="${
      escapeXml(type)
    }">${input}</u:${call.action}>` +
    "</s:Body></s:Envelope>\r\n";
}

/** The answer to `action`; `undefined` if it is none. */
export function decodeEnvelope(
  answer: HttpAnswer,
  action: string,
): SoapResult | SoapFault | undefined {
  const root = parseXml(answer.body);
  const body = root?.name === "Envelope" ? child(root, "Body") : undefined;
  const fault = child(body, "Fault");
  if (fault !== undefined) {
    const [detail] = descendants(fault, "UPnPError");
    const code = childText(detail, "errorCode");
    if (code === undefined || !/^[0-9]{1,5}$/.test(code)) return undefined;
    return new SoapFault(
      Number(code),
      cleanName(childText(detail, "errorDescription")),
    );
  }
  if (answer.status === 404 || answer.status === 405) {
    return new SoapFault(answer.status, undefined);
  }
  const response = child(body, `${action}Response`);
  if (answer.status !== 200 || response === undefined) return undefined;
  return new Map(response.children.map((one) => [one.name, one.text]));
}
