import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigError, loadConfig } from "./mod.ts";

function information(values: Record<string, string>) {
  const lines = Object.entries(values).map(([key, value]) =>
    `${key} = ${JSON.stringify(value)}`
  );
  const directory = Deno.makeTempDirSync();
  const path = join(directory, "porchlight.toml");
  try {
    Deno.writeTextFileSync(path, ["[information]", ...lines].join("\n"));
    return loadConfig({ path, env: { HOME: "/home/ada" } }).information;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const source = { source_code: "https://example.org/relay.git" };

function problems(values: Record<string, string>): string {
  try {
    information(values);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.problems.join("\n");
  }
  return "";
}

Deno.test("what the relay says of itself is checked as the reference does", () => {
  const values = information({
    ...source,
    usage_conditions: "http://example.org/conditions",
    server_country: "de",
    operator: "Ada Lovelace",
    operator_country: "GB",
    admin_email: "ada@example.org",
    admin_pgp: "https://example.org/key.asc",
    admin_pgp_fingerprint: "1234 5678",
    hosting_type: "owned",
    admin_simplex: `https://relay.example.org/a#${"A".repeat(43)}?c=abc`,
    complaints_simplex:
      "simplex:/contact#/?v=2-7&smp=smp%3A%2F%2Fabc%40example.org%2Fid",
  });
  assert.equal(values.serverCountry, "de");
  assert.equal(values.operator, "Ada Lovelace");
  for (
    const [key, value] of [
      ["website", "example.org"],
      ["server_country", "Germany"],
      ["hosting_country", "D1"],
      ["hosting_type", "cloud"],
      ["admin_email", "ada"],
      ["admin_simplex", "https://example.org/"],
      // A 1-time invitation is not an address.
      ["complaints_simplex", `simplex:/i#${"A".repeat(32)}/${"A".repeat(43)}`],
      ["operator", "Ada\u0007"],
      ["source_code", "git@example.org:relay"],
    ]
  ) {
    const found = problems({ ...source, [key]: value });
    assert.match(found, RegExp(`line \\d+: information\\.${key} = `), key);
  }
});

Deno.test("a key that needs another one says so", () => {
  assert.match(
    problems({ operator: "Ada" }),
    /line 2: information\.operator needs information\.source_code as well/,
  );
  for (
    const [key, value, needs] of [
      ["operator_country", "GB", "operator"],
      ["hosting_country", "GB", "hosting"],
      ["condition_amendments", "https://example.org/", "usage_conditions"],
      ["admin_pgp", "https://example.org/", "admin_pgp_fingerprint"],
      ["complaints_pgp_fingerprint", "12", "complaints_pgp"],
    ]
  ) {
    assert.match(
      problems({ ...source, [key]: value }),
      RegExp(`information\\.${key} needs information\\.${needs} as well`),
    );
  }
  assert.equal(problems(source), "");
});
