/**
 * The owner's end of the control socket.
 *
 * @module
 */

import { request } from "node:http";
import { checkSocketPath, ControlError } from "./errors.ts";

/** Longest answer that is read, in bytes. */
const MAX_ANSWER = 1 << 20;

export interface AskOptions {
  /** The control socket. */
  readonly socket: string;
  /** How long to wait for the answer; 5 seconds unless given. */
  readonly timeoutMs?: number;
}

/**
 * Asks the running relay: `GET path` over its control socket, answered in
 * JSON. The answer is the caller's to check.
 *
 * @throws {ControlError} `not running`, `not allowed`, `no answer` or
 * `path too long`
 */
export async function askRelay(
  path: string,
  { socket, timeoutMs = 5000 }: AskOptions,
): Promise<unknown> {
  checkSocketPath(socket);
  const { status, body } = await get(path, { socket, timeoutMs });
  if (status !== 200) {
    throw new ControlError(
      "no answer",
      status === 404
        ? "The running relay is of another version and does not know this " +
          "question. Restart it."
        : "The running relay could not answer. Its log says why.",
    );
  }
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new ControlError(
      "no answer",
      `What answers on ${socket} is not a relay.`,
      { cause },
    );
  }
}

function get(
  path: string,
  { socket, timeoutMs }: Required<AskOptions>,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(explain(cause, socket));
    const asked = request({
      socketPath: socket,
      path,
      headers: { host: "porchlight" },
      signal: AbortSignal.timeout(timeoutMs),
    }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > MAX_ANSWER) response.destroy(new Error("too long"));
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
      response.on("error", fail);
    });
    asked.on("error", fail);
    asked.end();
  });
}

function explain(cause: unknown, socket: string): ControlError {
  const code = cause instanceof Error && "code" in cause ? cause.code : "";
  if (code === "ENOENT" || code === "ECONNREFUSED") {
    return new ControlError(
      "not running",
      "The relay is not running. Start it with: porchlight start",
      { cause },
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    return new ControlError(
      "not allowed",
      "The relay runs as another user, and only that user or root may ask " +
        "it. Try again with sudo.",
      { cause },
    );
  }
  return new ControlError(
    "no answer",
    `The relay does not answer on ${socket}. If that stays so, restart it.`,
    { cause },
  );
}
