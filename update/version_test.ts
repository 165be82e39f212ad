import assert from "node:assert/strict";
import { compareVersions, isVersion } from "./version.ts";

Deno.test("versions have an order (semver.org, 11)", () => {
  const inOrder = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.9.0",
    "1.10.0",
    "2.0.0",
  ];
  for (const [index, version] of inOrder.entries()) {
    assert.equal(compareVersions(version, version), 0);
    for (const older of inOrder.slice(0, index)) {
      assert(compareVersions(older, version) < 0, `${older} < ${version}`);
      assert(compareVersions(version, older) > 0, `${version} > ${older}`);
    }
  }
});

Deno.test("what is no version is no path either", () => {
  for (const text of ["", "1.0", "../1.0.0", "1.0.0/..", "1.0.0-", "v1.0.0"]) {
    assert.equal(isVersion(text), false, text);
  }
});
