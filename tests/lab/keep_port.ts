/**
 * A program at home: greets whoever connects to a port, and keeps that port
 * open in the router. Prints how it stands, one JSON object a line; ends, and
 * takes the mapping back, at SIGTERM.
 *
 * `keep_port.ts PORT FAMILY`
 *
 * @module
 */

import {
  natPmpMapper,
  pcpMapper,
  PortKeeper,
  upnpMapper,
} from "../../nat/mod.ts";

if (import.meta.main) {
  const [port, family] = Deno.args.map(Number);
  const listener = Deno.listen({ hostname: "::", port });
  await using keeper = new PortKeeper({
    family: family === 6 ? 6 : 4,
    internalPort: port,
    mappers: [pcpMapper(), natPmpMapper(), upnpMapper()],
    onState: (state) => console.log(JSON.stringify(state)),
  });
  keeper.start();
  const ended = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", ended.resolve);
  greet(listener);
  await ended.promise;
  listener.close();
  Deno.removeSignalListener("SIGTERM", ended.resolve);
}

async function greet(listener: Deno.TcpListener): Promise<void> {
  for await (const connection of listener) {
    await connection.write(new TextEncoder().encode("hello\n"));
    connection.close();
  }
}
