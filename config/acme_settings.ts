/**
 * The settings of section `[acme]`: certificates that browsers trust.
 *
 * @module
 */

import { choice, flag, hosts, integer, path, text } from "./settings.ts";

/** The section with its settings. */
export const acmeSection = {
  doc:
    "A certificate that browsers trust, from Let's Encrypt or another certificate authority, renewed by itself. SimpleX apps need none: they know the relay by its fingerprint.",
  settings: {
    enabled: flag({
      doc:
        "Get one. It means that you agree to the terms of the certificate authority, which publishes the names of all certificates.",
      default: false,
    }),
    names: hosts({
      doc:
        "The host names or public IP addresses that it is for. All of them have to lead to this relay.",
      default: [],
      defaultDoc: "the name that the core has given, or else `address.hosts`",
    }),
    challenge: choice(["auto", "http-01", "tls-alpn-01", "dns-01"], {
      doc:
        'How to prove that the names are ours. "http-01" needs port 80 to lead to `http_port`, "tls-alpn-01" needs port 443 to lead to this relay, "dns-01" is for the name that the core has given. "auto" tries what can work.',
      default: "auto",
    }),
    httpPort: integer({
      doc:
        "The port of this machine to which the router sends port 80; used while a certificate is got, and no longer.",
      default: 80,
      min: 1,
      max: 65535,
    }),
    contact: text({
      doc: "A mail address at which the certificate authority can reach you.",
      default: "",
      pattern: /^$|^[^\s@,]+@[^\s@,]+$/,
      allowed: 'a mail address, such as "me@example.org"',
    }),
    server: text({
      doc: "The ACME directory of the certificate authority.",
      default: "https://acme-v02.api.letsencrypt.org/directory",
      pattern: /^https:\/\/\S+$/,
      allowed: "an address that begins with https://",
    }),
    serverCa: path({
      doc:
        "A file with the certificate (PEM) of a certificate authority of your own, by which its server is trusted.",
      default: "",
    }),
    profile: text({
      doc: "The kind of certificate, if the authority has several.",
      default: "",
      defaultDoc:
        '"shortlived" for IP addresses, else the authority\'s usual one',
      pattern: /^[\w-]{0,64}$/,
      allowed: "a word",
    }),
  },
} as const;
