/**
 * The owner's end of the control socket.
 *
 * @module
 */

import { request } from "node:http";
import { checkSocketPath, ControlError } from "./errors.ts";

/** Longest answer that is read, in bytes. */
const MAX_ANSWER = 1 << 26;

export interface AskOptions {
  /** The control socket. */
  readonly socket: string;
  /** How long to wait for the answer; 5 seconds unless given. */
  readonly timeoutMs?: number;
  /** Sent as JSON with `POST`; without it, it is a `GET`. */
  readonly body?: unknown;
}

/**
 * Asks the running relay over its control socket, answered in JSON. The answer
 * is the caller's to check.
 *
 * @throws {ControlError} `not running`, `not allowed`, `no answer`, `refused`
 * or `path too long`
 */
export async function askRelay(
  path: string,
  { socket, timeoutMs = 5000, body }: AskOptions,
): Promise<unknown> {
  checkSocketPath(socket);
  const { status, text } = await send(path, { socket, timeoutMs, body });
  if (status !== 200) {
    const refusal = refusalIn(text);
    if (refusal !== undefined) throw new ControlError("refused", refusal);
    throw new ControlError(
      "no answer",
      status === 404
        ? "The running relay is of another version and does not know this " +
          "question. Restart it."
        : "The running relay could not answer. Its log says why.",
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ControlError(
      "no answer",
      `What answers on ${socket} is not a relay.`,
      { cause },
    );
  }
}

/** What a refusal says, in an answer that is one. */
function refusalIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null &&
        "message" in answer && typeof answer.message === "string"
      ? answer.message
      : undefined;
  } catch {
    return undefined;
  }
}

function send(
  path: string,
  { socket, timeoutMs, body }: AskOptions & { timeoutMs: number },
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(explain(cause, socket));
    const asked = request({
      socketPath: socket,
      path,
      method: body === undefined ? "GET" : "POST",
      headers: { host: "porchlight", "content-type": "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (more: string) => {
        text += more;
        if (text.length > MAX_ANSWER) response.destroy(new Error("too long"));
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
      response.on("error", fail);
    });
    asked.on("error", fail);
    if (body === undefined) asked.end();
    else asked.end(JSON.stringify(body));
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
