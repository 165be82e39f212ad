import assert from "node:assert/strict";
import { type Config, defaultConfig } from "../config/mod.ts";
import { serverInformation } from "./information.ts";

function informationOf(values: Partial<Config["information"]>) {
  const config = defaultConfig();
  const information = { ...config.information, ...values };
  // As it goes over the socket: what is not known is not there.
  return JSON.parse(
    JSON.stringify(serverInformation({ ...config, information })),
  );
}

Deno.test("without source code the relay says nothing but how it is set", () => {
  assert.deepEqual(informationOf({}), {
    config: {
      persistence: "messages",
      messageExpiration: 1_814_400,
      statsEnabled: false,
      newQueuesAllowed: true,
      basicAuthEnabled: false,
    },
  });
});

Deno.test("information has the form of the reference", () => {
  const { information } = informationOf({
    sourceCode: "https://example.org/source",
    usageConditions: "https://example.org/conditions",
    operator: "Ada",
    operatorCountry: "gb",
    serverCountry: "de",
    hosting: "Hoster",
    hostingType: "virtual",
    adminEmail: "ada@example.org",
    complaintsPgp: "https://example.org/key",
    complaintsPgpFingerprint: "12 34",
  });
  assert.deepEqual(information, {
    sourceCode: "https://example.org/source",
    usageConditions: { conditions: "https://example.org/conditions" },
    operator: { name: "Ada", country: "GB" },
    adminContacts: { email: "ada@example.org" },
    complaintsContacts: {
      pgp: { pkURI: "https://example.org/key", pkFingerprint: "12 34" },
    },
    hosting: { name: "Hoster" },
    hostingType: "virtual",
    serverCountry: "DE",
  });
});
