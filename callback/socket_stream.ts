/**
 * A TCP connection from a chosen address of this machine: `Deno.connect`
 * leaves the choice to the system, which takes temporary addresses for IPv6.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import type { ByteStream } from "../relay/transport/mod.ts";

/** Where from and where to. */
export interface ConnectFromOptions {
  /** IP address and port to connect to. */
  readonly host: string;
  readonly port: number;
  /** Address of this machine. */
  readonly localAddress: string;
  readonly signal: AbortSignal;
}

/**
 * Connects.
 *
 * @throws the system's error, or the reason of `signal`
 */
export async function connectFrom(
  { host, port, localAddress, signal }: ConnectFromOptions,
): Promise<ByteStream> {
  signal.throwIfAborted();
  const socket = connect({ host, port, localAddress });
  const onAbort = () => socket.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("closed")));
    });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  socket.setNoDelay(true);
  return new SocketStream(socket);
}

class SocketStream implements ByteStream {
  readonly #socket: Socket;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const wake = () => this.#wake?.();
    const end = () => {
      this.#ended = true;
      wake();
    };
    socket.on("readable", wake);
    socket.on("end", end);
    socket.on("close", end);
    // What failed is seen as the end of the stream.
    socket.on("error", end);
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    for (;;) {
      const waiting = this.#socket.readableLength;
      if (waiting > 0) {
        const chunk: Buffer | null = this.#socket.read(
          Math.min(waiting, buffer.length),
        );
        if (chunk !== null) {
          buffer.set(chunk);
          return chunk.length;
        }
      }
      if (this.#socket.destroyed && !this.#ended) this.#ended = true;
      if (this.#ended) return null;
      // Asks for more: "readable" comes only after that.
      this.#socket.read(0);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    const copy = Buffer.from(bytes);
    return new Promise((resolve, reject) => {
      this.#socket.write(
        copy,
        (error) => error ? reject(error) : resolve(copy.length),
      );
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#wake?.();
  }
}
