import assert from "node:assert/strict";
import { cleanName, parseDescription } from "./description.ts";
import { describeRouter, prefixed } from "./testing/descriptions.ts";

const LOCATION = new URL("http://192.168.0.1:5000/dir/desc.xml");

function controls(services: readonly string[], urlBase?: string) {
  const document = describeRouter({
    services: services.map((control) => ({
      type: "WANIPConnection:1",
      control,
    })),
    urlBase,
  });
  return parseDescription(document, LOCATION)?.services
    .filter((service) => service.type.endsWith(":WANIPConnection:1"))
    .map((service) => service.control.href);
}

Deno.test("control URLs: absolute, relative to the place or to the base", () => {
  assert.deepEqual(controls(["/ctl", "ctl", "http://192.168.0.1:80/ctl"]), [
    "http://192.168.0.1:5000/ctl",
    "http://192.168.0.1:5000/dir/ctl",
    "http://192.168.0.1/ctl",
  ]);
  assert.deepEqual(controls(["/ctl", "ctl"], "http://192.168.0.1:49000/x/"), [
    "http://192.168.0.1:49000/ctl",
    "http://192.168.0.1:49000/x/ctl",
  ]);
  assert.deepEqual(controls(["/ctl"], "http://192.168.1.1:49000/"), [
    "http://192.168.0.1:5000/ctl",
  ]);
  assert.deepEqual(controls(["/ctl"], "not a url"), [
    "http://192.168.0.1:5000/ctl",
  ]);
});

Deno.test("control URLs elsewhere are left out", () => {
  assert.deepEqual(
    controls([
      "http://192.168.0.2:5000/ctl",
      "https://192.168.0.1:5000/ctl",
      "http://a@192.168.0.1:5000/ctl",
      "file:///ctl",
      "//evil.example/ctl",
      "",
    ]),
    [],
  );
});

Deno.test("namespace prefixes, sections and white space", () => {
  const description = parseDescription(prefixed, LOCATION);
  assert.equal(description?.name, "Router <home>");
  assert.deepEqual(
    description?.services.map((
      service,
    ) => [service.type, service.control.href]),
    [[
      "urn:schemas-upnp-org:service:WANPPPConnection:1",
      "http://192.168.0.1:5000/dir/upnp/control?WANPPPConn&1",
    ]],
  );
});

Deno.test("no description", () => {
  assert.equal(parseDescription("<html></html>", LOCATION), undefined);
  assert.deepEqual(parseDescription("<root/>", LOCATION)?.services, []);
});

Deno.test("names are made fit to be shown", () => {
  assert.equal(cleanName("  A\u001b[31m\n B\u202e "), "A [31m B");
  assert.equal(cleanName("x".repeat(500))?.length, 64);
  assert.equal(cleanName(" \n"), undefined);
  assert.equal(cleanName(undefined), undefined);
});
