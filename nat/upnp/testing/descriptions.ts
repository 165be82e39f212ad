/**
 * Descriptions in the shapes that routers have, for tests.
 *
 * @module
 */

/** A service in a description. */
export interface DescribedService {
  readonly type: string;
  readonly control: string;
}

const IP2 = { type: "WANIPConnection:2", control: "/ctl/IPConn" };
const FIREWALL = { type: "WANIPv6FirewallControl:1", control: "/ctl/IP6FCtl" };

/** As miniupnpd has it: nested devices, no URLBase. */
export function describeRouter(
  options: {
    readonly name?: string;
    readonly services?: readonly DescribedService[];
    readonly urlBase?: string;
  } = {},
): string {
  const { name = "Box 7", services = [IP2, FIREWALL], urlBase } = options;
  return '<?xml version="1.0"?>\r\n' +
    '<root xmlns="urn:schemas-upnp-org:device-1-0">' +
    "<specVersion><major>1</major><minor>0</minor></specVersion>" +
    (urlBase === undefined ? "" : `<URLBase>${urlBase}</URLBase>`) +
    "<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>" +
    `<friendlyName>${name}</friendlyName><manufacturer>AT&T</manufacturer>` +
    "<deviceList><device><friendlyName>WANDevice</friendlyName>" +
    "<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1" +
    "</serviceType><controlURL>/ctl/CmnIfCfg</controlURL></service></serviceList>" +
    "<deviceList><device><friendlyName>WANConnectionDevice</friendlyName>" +
    `<serviceList>${services.map(describeService).join("")}</serviceList>` +
    "</device></deviceList></device></deviceList></device></root>";
}

function describeService({ type, control }: DescribedService): string {
  return "<service>" +
    `<serviceType>urn:schemas-upnp-org:service:${type}</serviceType>` +
    "<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>" +
    `<SCPDURL>/scpd.xml</SCPDURL><controlURL>${control}</controlURL>` +
    "<eventSubURL>/evt</eventSubURL></service>";
}

/** Namespace prefixes, comments, white space, a relative control URL. */
export const prefixed = `\ufeff<?xml version="1.0" encoding="utf-8"?>
<!-- firmware 1.2 -->
<d:root xmlns:d="urn:schemas-upnp-org:device-1-0" configId='3'>
  <d:device>
    <d:friendlyName><![CDATA[Router <home>]]></d:friendlyName>
    <d:serviceList>
      <d:service>
        <d:serviceType> urn:schemas-upnp-org:service:WANPPPConnection:1 </d:serviceType>
        <d:controlURL>upnp/control?WANPPPConn&amp;1</d:controlURL>
      </d:service>
    </d:serviceList>
  </d:device>
</d:root>
`;
