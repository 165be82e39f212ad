import assert from "node:assert/strict";
import {
  libraryCandidates,
  NativeLibraryError,
  openLibrary,
  openLibraryOn,
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

Deno.test("a directory without the library is named, and nothing else tried", () => {
  const directory = Deno.makeTempDirSync();
  const { os, arch } = Deno.build;
  try {
    assert.throws(
      () =>
        openLibraryOn(
          { os, arch, directory },
          { library: "ssl", symbols: versionNumber },
        ),
      (error) =>
        error instanceof NativeLibraryError &&
        error.message.includes(OPENSSL_DIR_VARIABLE) &&
        error.message.includes(directory) &&
        error.cause instanceof AggregateError &&
        error.cause.errors.length === 1,
    );
  } finally {
    Deno.removeSync(directory);
  }
});

Deno.test("a missing symbol is a NativeLibraryError too", () => {
  assert.throws(
    () =>
      openLibrary("crypto", {
        no_such_symbol_of_openssl: { parameters: [], result: "void" },
      }),
    (error) =>
      error instanceof NativeLibraryError &&
      error.message.includes("openssl"),
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
