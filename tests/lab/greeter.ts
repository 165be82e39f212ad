/**
 * A server that says hello to whoever connects, and to whom: for a place.
 * `greeter.ts PORT`
 *
 * @module
 */

const listener = Deno.listen({ hostname: "::", port: Number(Deno.args[0]) });
console.log("ready");
for await (const connection of listener) {
  const { remoteAddr } = connection;
  // IPv4 comes in IPv6 dress here.
  const from = remoteAddr.transport === "tcp"
    ? remoteAddr.hostname.replace("::ffff:", "")
    : "";
  connection.write(new TextEncoder().encode(`hello ${from}\n`))
    .catch(() => {}) // gone already
    .finally(() => connection.close());
}
