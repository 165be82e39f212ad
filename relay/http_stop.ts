/**
 * The end of an HTTP server, whatever its clients do.
 *
 * @module
 */

/** Time for the answers under way, ms. */
const GRACE_MS = 300;

/**
 * Closes the server. Answers under way go out first; a client that does not
 * finish its question, or does not read, is not waited for: its connection
 * ends with it or with the process.
 */
export async function stopHttp(
  server: Pick<Deno.HttpServer<Deno.Addr>, "shutdown">,
): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, GRACE_MS);
  try {
    await Promise.race([server.shutdown(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
