/**
 * TLS handshake over a byte stream.
 *
 * @module
 */

import { BufferPool, OutputQueue } from "./buffers.ts";
import type { Connection } from "./connection.ts";
import { type ClientHello, readClientHello } from "./client_hello.ts";
import { TlsContext, type TlsContextOptions, type TlsRole } from "./context.ts";
import { TlsEngine } from "./engine.ts";
import type { ByteStream } from "./stream.ts";
import { type ConnectionLimits, TlsConnection } from "./tls_connection.ts";
import { TlsError } from "./tls_error.ts";

/** Default time for a TLS handshake (reference: `tlsSetupTimeout`). */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 60_000;

/** A handshake with more input than this is broken off. */
const MAX_HANDSHAKE_INPUT = 64 * 1024;
/** A flight of a SimpleX handshake fits in most cases. */
const HANDSHAKE_READ = 2048;
const handshakePool = new BufferPool(HANDSHAKE_READ, 64);

/** Options of a handshake. */
export interface HandshakeOptions extends ConnectionLimits {
  /** Time for the whole handshake in milliseconds; default 60 s. */
  readonly handshakeTimeoutMs?: number;
  /** Breaks the handshake off; no effect after it. */
  readonly signal?: AbortSignal;
  /** Client: name to send as SNI. SimpleX clients send none. */
  readonly serverName?: string;
}

/**
 * Makes a TLS connection over `stream`, which it owns from now on: it is
 * closed with the connection, or when this rejects.
 *
 * @throws {TlsError} `config`, `not_tls`, `alpn`, `handshake`, `timeout` or
 * `closed`; the reason of `signal` when that breaks it off.
 */
export async function wrapTls(
  stream: ByteStream,
  role: TlsRole,
  options: TlsContextOptions & HandshakeOptions = {},
): Promise<Connection> {
  let context: TlsContext;
  try {
    context = new TlsContext(role, options);
  } catch (error) {
    closeStream(stream);
    throw error;
  }
  try {
    return await performHandshake(stream, context, options);
  } finally {
    context.free();
  }
}

/** What the listener wants to know in the course of a handshake. */
export interface HandshakeHooks {
  /** The first bytes have come. */
  readonly onFirstBytes?: () => void;
  /**
   * Gets what breaks the handshake off with a reason, as `signal` does, but
   * without an AbortController for each connection.
   */
  readonly onStarted?: (breakOff: (reason: unknown) => void) => void;
  /** The connection that came out of it was closed. */
  readonly onClosed?: () => void;
  /** Server: what takes the place of the context, if anything. */
  readonly chooseContext?: (hello: ClientHello) => TlsContext | undefined;
}

/** {@link wrapTls} with a context that lives longer than one connection. */
export async function performHandshake(
  stream: ByteStream,
  context: TlsContext,
  options: HandshakeOptions & HandshakeHooks = {},
): Promise<TlsConnection> {
  let broken: unknown;
  const breakOff = (reason: unknown) => {
    broken ??= reason;
    closeStream(stream); // settles the pending read or write
  };
  const { signal } = options;
  const onAbort = () => breakOff(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  options.onStarted?.(breakOff);
  const timer = setTimeout(
    () => breakOff(new TlsError("timeout", "The TLS handshake took too long")),
    options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
  );
  try {
    if (broken !== undefined) throw broken;
    return await exchange(stream, context, options);
  } catch (error) {
    closeStream(stream);
    if (broken !== undefined) throw broken;
    if (error instanceof TlsError) throw error;
    throw new TlsError("closed", "The connection broke in the TLS handshake", {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function exchange(
  stream: ByteStream,
  context: TlsContext,
  options: HandshakeOptions & HandshakeHooks,
): Promise<TlsConnection> {
  const output = new OutputQueue();
  const buffer = handshakePool.take();
  let received = 0;
  let input: Uint8Array<ArrayBuffer> | undefined;

  const receive = async () => {
    const count = await stream.read(buffer);
    if (count === null) {
      throw new TlsError("closed", "The peer left during the TLS handshake");
    }
    if (received === 0) options.onFirstBytes?.();
    received += count;
    if (received > MAX_HANDSHAKE_INPUT) {
      throw new TlsError("handshake", "The TLS handshake is too long");
    }
    return buffer.subarray(0, count);
  };

  let engine: TlsEngine | undefined;
  try {
    // A server makes its TLS state when there is something to answer, so that
    // a connection which never says anything costs a socket and a buffer.
    if (context.role === "server") input = await receive();
    let chosen = context;
    if (options.chooseContext !== undefined && input !== undefined) {
      const { bytes, hello } = await completeHello(input, receive);
      input = bytes;
      chosen = options.chooseContext(hello) ?? context;
    }
    engine = new TlsEngine(chosen, options);
    for (let done = false; !done;) {
      try {
        done = engine.handshake(input);
      } catch (error) {
        engine.takeOutput(output);
        await sendAlert(stream, output);
        throw error;
      }
      engine.takeOutput(output);
      await sendAll(stream, output);
      if (!done) input = await receive();
    }
    const { session, rest } = engine.finishHandshake();
    return new TlsConnection({ engine, stream, session, early: rest }, options);
  } catch (error) {
    engine?.free();
    throw error;
  } finally {
    // Every read and write was awaited: nobody uses the buffers any more.
    output.clear();
    handshakePool.give(buffer);
  }
}

/** Waits for the whole record of the ClientHello, if it is one. */
async function completeHello(
  first: Uint8Array<ArrayBuffer>,
  receive: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; hello: ClientHello }> {
  let bytes = first;
  for (;;) {
    const hello = readClientHello(bytes);
    if (hello !== "partial") return { bytes, hello };
    // What came is a view of the buffer that the next part comes to.
    const before = bytes.slice();
    const part = await receive();
    bytes = new Uint8Array(before.length + part.length);
    bytes.set(before);
    bytes.set(part, before.length);
  }
}

async function sendAll(stream: ByteStream, output: OutputQueue): Promise<void> {
  while (output.length > 0) output.consume(await stream.write(output.head()));
}

/** Tells the peer why, as far as it listens; what it does is of no matter. */
async function sendAlert(
  stream: ByteStream,
  output: OutputQueue,
): Promise<void> {
  try {
    await sendAll(stream, output);
  } catch {
    // It has gone; the error that led here says more.
  }
}

function closeStream(stream: ByteStream): void {
  try {
    stream.close();
  } catch {
    // It was closed before.
  }
}
