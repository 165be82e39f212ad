/**
 * Finds OpenSSL 3 on this machine and opens it through FFI. The only place
 * that knows where libraries lie; `crypto/` and `transport/` bring the symbols
 * they need.
 *
 * @module
 */

/** The two libraries of OpenSSL: `crypto` (primitives), `ssl` (TLS). */
export type LibraryName = "crypto" | "ssl";

/** Names a directory that holds libssl and libcrypto; tried before all others. */
export const OPENSSL_DIR_VARIABLE = "PORCHLIGHT_OPENSSL_DIR";

/** OpenSSL 3 could not be opened. The message says what to install. */
export class NativeLibraryError extends Error {
  override readonly name = "NativeLibraryError";
}

/** What {@link libraryCandidates} depends on, so that tests can give it. */
export interface Platform {
  readonly os: typeof Deno.build.os;
  readonly arch: typeof Deno.build.arch;
  /** Value of {@link OPENSSL_DIR_VARIABLE}. */
  readonly directory?: string;
}

/**
 * Where OpenSSL may be, in the order of trying. A bare name leaves the search
 * to the system's loader.
 */
export function libraryCandidates(
  library: LibraryName,
  platform: Platform,
): string[] {
  const darwin = platform.os === "darwin";
  const file = darwin ? `lib${library}.3.dylib` : `lib${library}.so.3`;
  // A directory that was named is the owner's choice: nothing else is tried,
  // so that a wrong value is noticed.
  if (platform.directory) return [`${platform.directory}/${file}`];
  // No bare name on macOS: its loader aborts the process for the system's own
  // libcrypto.
  if (darwin) {
    return [
      `/opt/homebrew/opt/openssl@3/lib/${file}`,
      `/usr/local/opt/openssl@3/lib/${file}`,
      `/opt/local/libexec/openssl3/lib/${file}`,
    ];
  }
  const triplet = `${platform.arch}-linux-gnu`;
  return [
    file,
    `/usr/lib/${triplet}/${file}`,
    `/lib/${triplet}/${file}`,
    `/usr/lib64/${file}`,
    `/usr/lib/${file}`,
    `/lib/${file}`,
    `/usr/local/lib64/${file}`,
    `/usr/local/lib/${file}`,
  ];
}

/**
 * Opens libcrypto or libssl with the given symbols. Opening the same library
 * again is cheap: the system maps it once.
 *
 * @throws {NativeLibraryError} when the library is not found, is too old or
 * lacks a symbol; `cause` holds the loader's errors.
 */
export function openLibrary<const Symbols extends Deno.ForeignLibraryInterface>(
  library: LibraryName,
  symbols: Symbols,
): Deno.DynamicLibrary<Symbols> {
  const { os, arch } = Deno.build;
  const directory = Deno.env.get(OPENSSL_DIR_VARIABLE);
  return openLibraryOn({ os, arch, directory }, { library, symbols });
}

/** {@link openLibrary} with a platform given, for tests. */
export function openLibraryOn<
  const Symbols extends Deno.ForeignLibraryInterface,
>(
  platform: Platform,
  wanted: { readonly library: LibraryName; readonly symbols: Symbols },
): Deno.DynamicLibrary<Symbols> {
  const { library, symbols } = wanted;
  const causes: unknown[] = [];
  for (const path of libraryCandidates(library, platform)) {
    try {
      return Deno.dlopen(path, symbols);
    } catch (error) {
      // Without the permission every path would fail the same misleading way.
      if (error instanceof Deno.errors.NotCapable) throw error;
      causes.push(error);
    }
  }
  throw new NativeLibraryError(missingMessage(library, platform), {
    cause: new AggregateError(causes, "No candidate could be opened"),
  });
}

function missingMessage(library: LibraryName, platform: Platform): string {
  const what =
    `Cannot open lib${library} of OpenSSL 3, which Porchlight needs for its encrypted connections.`;
  if (platform.directory) {
    return `${what} ${OPENSSL_DIR_VARIABLE} is set to "${platform.directory}", ` +
      "and there is no such library in it, or it cannot be loaded. " +
      "Correct the variable or unset it.";
  }
  if (platform.os === "darwin") {
    return `${what} Install it with: brew install openssl@3`;
  }
  return `${what} Install it with: ` +
    "apt install libssl3 (Debian, Ubuntu, Raspberry Pi OS), " +
    "dnf install openssl-libs (Fedora), " +
    "apk add libssl3 libcrypto3 (Alpine). " +
    `If it is elsewhere, set ${OPENSSL_DIR_VARIABLE} to its directory.`;
}
