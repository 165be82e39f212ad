import { join, normalize } from "node:path";

/** A web server for a directory, with ranges (RFC 9110, 14), that can be told to fail. */
export function serveDirectory(directory: string) {
  /** Paths that were asked for, with the range. */
  const asked: string[] = [];
  /** The next answers to large files end after so many bytes. */
  const cuts: number[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, async (request) => {
    const path = normalize(new URL(request.url).pathname);
    const range = request.headers.get("range");
    asked.push(range === null ? path : `${path} ${range}`);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(join(directory, path));
    } catch {
      return new Response(null, { status: 404 });
    }
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    const rest = bytes.slice(from);
    const headers = new Headers({ "content-length": `${rest.length}` });
    if (range !== null) {
      headers.set(
        "content-range",
        `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      );
    }
    const cut = path.includes("/porchlight-") ? cuts.shift() : undefined;
    const body = cut === undefined ? rest : brokenOff(rest.slice(0, cut));
    return new Response(body, { status: range === null ? 200 : 206, headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    cuts,
    stop: () => server.shutdown(),
  };
}

/** Sends some of it, and then the connection breaks. */
function brokenOff(bytes: Uint8Array<ArrayBuffer>): ReadableStream {
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!sent) {
        sent = true;
        controller.enqueue(bytes);
        return;
      }
      // What was enqueued has to leave first.
      await new Promise((resolve) => setTimeout(resolve, 100));
      controller.close();
    },
  });
}
