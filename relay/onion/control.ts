/**
 * A connection to tor's control port: one command at a time.
 *
 * @module
 */

import { TorError } from "./errors.ts";
import { type Reply, ReplyReader } from "./reply.ts";

/** Where a control port is. */
export type ControlPlace =
  | { readonly path: string }
  | { readonly hostname: string; readonly port: number };

/** Longest time for connecting, and for one answer, in milliseconds. */
const TIMEOUT_MS = 10_000;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** A control connection. Services that it added end with it. */
export class TorControl implements AsyncDisposable {
  readonly #connection: Deno.Conn;
  readonly #reading: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #ended = false;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
    this.#reading = this.#read();
  }

  /**
   * Connects; nothing is allowed yet but to authenticate. `signal` ends the
   * connection, and waiting for it.
   *
   * @throws {TorError} `not found`, `not allowed` or `no answer`
   */
  static async connect(
    place: ControlPlace,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<TorControl> {
    try {
      const connection = await within(open(place), {
        late: (connection) => connection.close(),
        signal,
      });
      const control = new TorControl(connection);
      const onAbort = () => control.close();
      signal?.addEventListener("abort", onAbort, { once: true });
      control.closed.then(() => signal?.removeEventListener("abort", onAbort));
      return control;
    } catch (cause) {
      throw connectError(cause);
    }
  }

  /** Resolves when the connection has ended, whoever ended it. */
  get closed(): Promise<void> {
    return this.#reading;
  }

  /**
   * Sends one line and waits for its reply, whatever its code.
   *
   * @throws {TorError} `no answer` when the connection ends before
   */
  async ask(line: string): Promise<Reply> {
    if (/[\r\n]/.test(line)) {
      throw new TypeError("Cannot send more than one line to tor");
    }
    if (this.#ended) throw gone();
    const answer = new Promise<Reply>((resolve, reject) =>
      this.#waiting.push({ resolve, reject })
    );
    // It may be rejected while the line is being written.
    answer.catch(() => {});
    try {
      await this.#write(new TextEncoder().encode(`${line}\r\n`));
      return await within(answer, {});
    } catch (error) {
      this.close();
      throw error instanceof TorError ? error : gone(error);
    }
  }

  /**
   * {@link ask}, where only "OK" will do.
   *
   * @throws {TorError} `refused` with what tor said, or `no answer`
   */
  async order(line: string): Promise<readonly string[]> {
    const { code, lines } = await this.ask(line);
    if (code === 250) return lines;
    const [name] = line.split(" ");
    throw new TorError(
      "refused",
      `Tor refuses ${name}: ${lines.join(" ").slice(0, 200)}`,
    );
  }

  /** Ends the connection at once. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection.close();
    for (const { reject } of this.#waiting.splice(0)) reject(gone());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#reading;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#connection.write(bytes.subarray(done));
    }
  }

  async #read(): Promise<void> {
    const reader = new ReplyReader();
    const buffer = new Uint8Array(4096);
    try {
      for (;;) {
        const length = await this.#connection.read(buffer);
        if (length === null) break;
        for (const reply of reader.push(buffer.subarray(0, length))) {
          // 6xx are events, which nobody asked for.
          if (reply.code < 600) this.#waiting.shift()?.resolve(reply);
        }
      }
    } catch (error) {
      const told = error instanceof TorError ? error : gone(error);
      for (const { reject } of this.#waiting.splice(0)) reject(told);
    }
    this.close();
  }
}

function open(place: ControlPlace): Promise<Deno.Conn> {
  return "path" in place
    ? Deno.connect({ transport: "unix", path: place.path })
    : Deno.connect(place);
}

async function within<T>(
  promise: Promise<T>,
  { late, signal }: { late?: (value: T) => void; signal?: AbortSignal },
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timedOut = false;
  let onAbort: () => void = () => {};
  const limit = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      timedOut = true;
      reject(gone(signal?.reason));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    timer = setTimeout(() => {
      timedOut = true;
      reject(
        new TorError("no answer", "Tor does not answer.", {
          remedy: "Restart it: sudo systemctl restart tor",
        }),
      );
    }, TIMEOUT_MS);
  });
  promise.then((value) => timedOut && late?.(value), () => {});
  try {
    if (signal?.aborted) onAbort();
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function gone(cause?: unknown): TorError {
  return new TorError("no answer", "Tor has closed its control connection.", {
    cause,
  });
}

function connectError(cause: unknown): unknown {
  if (cause instanceof TorError) return cause;
  if (cause instanceof Deno.errors.PermissionDenied) {
    return new TorError(
      "not allowed",
      "Tor is here, and this user may not use its control socket.",
      { cause, remedy: joinGroup() },
    );
  }
  return new TorError("not found", "No tor was found on this machine.", {
    cause,
    remedy: "Install it (sudo apt install tor), or start it: " +
      "sudo systemctl start tor",
  });
}

/** How an owner is let in on Debian and its kin. */
export function joinGroup(): string {
  return "Put the relay's user into tor's group and restart the relay: " +
    "sudo usermod -aG debian-tor USER";
}
