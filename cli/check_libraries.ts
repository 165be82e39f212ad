/**
 * Imported first of all: without OpenSSL nothing else can even be loaded, and
 * whoever starts Porchlight is told so in words.
 *
 * @module
 */

import { NativeLibraryError, openLibrary } from "../relay/native/mod.ts";

try {
  openLibrary("crypto", {}).close();
  openLibrary("ssl", {}).close();
} catch (error) {
  if (!(error instanceof NativeLibraryError)) throw error;
  console.error(`porchlight: ${error.message}`);
  Deno.exit(2);
}
