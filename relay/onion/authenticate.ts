/**
 * Telling tor that we may control it.
 *
 * @module
 */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { joinGroup, type TorControl } from "./control.ts";
import { TorError } from "./errors.ts";
import { valueIn } from "./reply.ts";

/** Size of tor's cookie, of nonces and of hashes, in bytes. */
const COOKIE_SIZE = 32;
/** User IDs below are those of the system's services, tor's among them. */
const FIRST_USER = 1000;

// Keys of the two hashes (control-spec, "AUTHCHALLENGE").
const SERVER_KEY = "Tor safe cookie authentication server-to-controller hash";
const CLIENT_KEY = "Tor safe cookie authentication controller-to-server hash";

/** What tor said about itself before it let us in. */
interface ProtocolInfo {
  readonly methods: readonly string[];
  readonly cookieFile: string | undefined;
  /** Version of tor. */
  readonly version: string;
}

/**
 * Authenticates by the cookie file (`SAFECOOKIE`), by `password`, or not at
 * all where tor asks for nothing. `COOKIE` is left out on purpose: it would
 * hand the content of a file to whoever listens in tor's place, and every tor
 * that has onion services of version 3 has `SAFECOOKIE`.
 *
 * `mustProve`: who asks for nothing may be anybody, and is not trusted.
 *
 * @returns the version of tor
 * @throws {TorError} `not allowed`, `refused` or `no answer`
 */
export async function authenticate(
  control: TorControl,
  { password = "", mustProve = false }: {
    password?: string;
    mustProve?: boolean;
  } = {},
): Promise<string> {
  const { methods, cookieFile, version } = readInfo(
    await control.order("PROTOCOLINFO 1"),
  );
  if (methods.includes("NULL") && !mustProve) {
    await control.order("AUTHENTICATE");
  } else if (password !== "" && methods.includes("HASHEDPASSWORD")) {
    await usePassword(control, password);
  } else if (methods.includes("SAFECOOKIE") && cookieFile !== undefined) {
    await useCookie(control, cookieFile);
  } else {
    throw new TorError(
      "not allowed",
      methods.includes("HASHEDPASSWORD")
        ? "Tor wants a password from those who control it."
        : methods.includes("NULL")
        ? "What listens on tor's control port asks for no proof, and gives none."
        : "Tor offers no way to control it that Porchlight knows.",
      {
        remedy: "Set onion.control_password, or write " +
          "CookieAuthentication 1 into tor's settings (/etc/tor/torrc) and " +
          "restart tor.",
      },
    );
  }
  return version;
}

function readInfo(lines: readonly string[]): ProtocolInfo {
  const auth = lines.find((line) => line.startsWith("AUTH ")) ?? "";
  const version = lines.find((line) => line.startsWith("VERSION ")) ?? "";
  return {
    methods: valueIn(auth, "METHODS")?.split(",") ?? [],
    cookieFile: valueIn(auth, "COOKIEFILE"),
    version: valueIn(version, "Tor")?.slice(0, 60) ?? "unknown",
  };
}

async function usePassword(
  control: TorControl,
  password: string,
): Promise<void> {
  // As hex nothing has to be escaped.
  const hex = new TextEncoder().encode(password).toHex();
  const { code } = await control.ask(`AUTHENTICATE ${hex}`);
  if (code === 250) return;
  throw new TorError("not allowed", "Tor does not take the password.", {
    remedy: "Correct onion.control_password.",
  });
}

/** Both sides prove that they know the cookie; neither sends it. */
async function useCookie(control: TorControl, path: string): Promise<void> {
  const cookie = await readCookie(path);
  const clientNonce = new Uint8Array(randomBytes(COOKIE_SIZE));
  const [challenge = ""] = await control.order(
    `AUTHCHALLENGE SAFECOOKIE ${clientNonce.toHex()}`,
  );
  const serverHash = hexIn(challenge, "SERVERHASH");
  const serverNonce = hexIn(challenge, "SERVERNONCE");
  const proof = (key: string) =>
    createHmac("sha256", key).update(cookie).update(clientNonce)
      .update(serverNonce).digest();
  if (!timingSafeEqual(serverHash, proof(SERVER_KEY))) {
    throw new TorError(
      "no answer",
      "What listens on tor's control port does not know tor's cookie: it is " +
        "another program.",
    );
  }
  await control.order(`AUTHENTICATE ${proof(CLIENT_KEY).toString("hex")}`);
}

function hexIn(line: string, key: string): Uint8Array {
  const hex = valueIn(line, key) ?? "";
  if (/^[\da-fA-F]{64}$/.test(hex)) return Uint8Array.fromHex(hex);
  throw new TorError(
    "no answer",
    "Tor's answer to the authentication is not readable.",
  );
}

/**
 * The path is what the other side says: opening a pipe would wait for ever,
 * and a file that others may read or made themselves proves nothing.
 */
async function readCookie(path: string): Promise<Uint8Array> {
  try {
    const { isFile, mode, uid } = await Deno.stat(path);
    const isTold = mode !== null && (mode & 0o004) !== 0;
    const isForeign = uid !== null && uid >= FIRST_USER && uid !== Deno.uid();
    if (!isFile || isTold || isForeign) {
      throw new TorError(
        "not allowed",
        "The file that tor names as its cookie is not safe with others on " +
          "this machine: tor did not make it.",
      );
    }
    using file = await Deno.open(path);
    const cookie = new Uint8Array(COOKIE_SIZE + 1);
    const length = await file.read(cookie);
    if (length === COOKIE_SIZE) return cookie.subarray(0, COOKIE_SIZE);
  } catch (cause) {
    if (cause instanceof TorError) throw cause;
    throw new TorError(
      "not allowed",
      "Tor is here, and this user may not read the cookie that opens it.",
      { cause, remedy: joinGroup() },
    );
  }
  throw new TorError(
    "not allowed",
    "The file that tor names as its cookie does not hold one.",
  );
}
