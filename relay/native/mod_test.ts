import assert from "node:assert/strict";
import {
  libraryCandidates,
  NativeLibraryError,
  openLibrary,
  OPENSSL_DIR_VARIABLE,
} from "./mod.ts";

const versionNumber = {
  OpenSSL_version_num: { parameters: [], result: "usize" },
} as const;

Deno.test("openLibrary finds OpenSSL 3", () => {
  const library = openLibrary("crypto", versionNumber);
  try {
    const version = Number(library.symbols.OpenSSL_version_num());
    assert.equal(version >>> 28, 3);
  } finally {
    library.close();
  }
});

Deno.test("openLibrary says what to do when there is no library", () => {
  const before = Deno.env.get(OPENSSL_DIR_VARIABLE);
  const directory = Deno.makeTempDirSync();
  Deno.env.set(OPENSSL_DIR_VARIABLE, directory);
  try {
    assert.throws(
      () => openLibrary("ssl", {}),
      (error) =>
        error instanceof NativeLibraryError &&
        error.message.includes(OPENSSL_DIR_VARIABLE) &&
        error.cause instanceof AggregateError &&
        error.cause.errors.length === 1,
    );
  } finally {
    if (before === undefined) Deno.env.delete(OPENSSL_DIR_VARIABLE);
    else Deno.env.set(OPENSSL_DIR_VARIABLE, before);
    Deno.removeSync(directory);
  }
});

Deno.test("a missing symbol is a NativeLibraryError too", () => {
  assert.throws(
    () =>
      openLibrary("crypto", {
        no_such_symbol_of_openssl: { parameters: [], result: "void" },
      }),
    NativeLibraryError,
  );
});

Deno.test("libraryCandidates knows Homebrew, multiarch and the override", () => {
  assert.ok(
    libraryCandidates("ssl", { os: "darwin", arch: "aarch64" })
      .includes("/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib"),
  );
  const linux = libraryCandidates("crypto", { os: "linux", arch: "aarch64" });
  assert.equal(linux[0], "libcrypto.so.3");
  assert.ok(linux.includes("/usr/lib/aarch64-linux-gnu/libcrypto.so.3"));
  assert.deepEqual(
    libraryCandidates("ssl", {
      os: "linux",
      arch: "x86_64",
      directory: "/somewhere",
    }),
    ["/somewhere/libssl.so.3"],
  );
});
