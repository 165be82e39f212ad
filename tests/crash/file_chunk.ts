/**
 * One file (chunk) on the relay that is killed, and what the relay has
 * answered about it.
 *
 * @module
 */

import { randomFillSync } from "node:crypto";
import {
  type AuthKeyPair,
  generateAuthKeyPair,
  sha256,
} from "../../relay/crypto/mod.ts";
import {
  type ChunkAccess,
  type ChunkContent,
  type XftpClient,
  XftpClientError,
} from "../../relay/xftp/client/mod.ts";
import { equalBytes } from "../../relay/wire/mod.ts";
import { Change } from "./change.ts";
import { Fault } from "./fault.ts";

/** What the relay said: the type of its error, or nothing before it was gone. */
export type FileAnswer = string | undefined;

/** A file that the relay has said it knows. */
export class CrashFile {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly sender: ChunkAccess;
  readonly uploaded = new Change("uploaded", "a file");
  readonly deleted = new Change("deleted", "a file");
  /** A command that changes it is under way. */
  busy = false;
  readonly #digest: Uint8Array;
  #recipient: ChunkAccess;
  #acknowledged = new Change("received", "a file");

  private constructor(
    content: Uint8Array<ArrayBuffer>,
    { digest, sender, recipient }: {
      digest: Uint8Array;
      sender: ChunkAccess;
      recipient: ChunkAccess;
    },
  ) {
    this.content = content;
    this.#digest = digest;
    this.sender = sender;
    this.#recipient = recipient;
  }

  /** Announces a file; `undefined` when the relay is gone before it answers. */
  static async create(
    client: XftpClient,
    size: number,
  ): Promise<CrashFile | undefined> {
    const content = new Uint8Array(size);
    randomFillSync(content);
    const digest = sha256(content);
    const senderKeys = generateAuthKeyPair("ed25519");
    const recipientKeys = generateAuthKeyPair("ed25519");
    let file: CrashFile | undefined;
    const answer = await ask(async () => {
      const { senderId, recipientIds } = await client.create({
        size,
        digest,
        senderKeys,
        recipientKeys: [recipientKeys.publicKey],
      });
      file = new CrashFile(content, {
        digest,
        sender: access(senderId, senderKeys),
        recipient: access(recipientIds[0], recipientKeys),
      });
    });
    return allowed("FNEW", answer, ["OK"]) === undefined ? undefined : file;
  }

  /** Whether its content is surely there. */
  get there(): boolean {
    return this.uploaded.state === "yes" && this.deleted.state === "no";
  }

  /** Name of its content in the relay's folder. */
  get name(): string {
    return this.sender.id.toBase64({ alphabet: "base64url" });
  }

  /** Uploads the content; `damaged`, one that the relay must refuse. */
  async upload(
    client: XftpClient,
    { damaged = false }: { readonly damaged?: boolean } = {},
  ): Promise<FileAnswer> {
    const content = damaged ? this.content.slice() : this.content;
    if (damaged) content[content.length - 1] ^= 1;
    else this.uploaded.asked();
    const answer = await ask(() => client.upload(this.sender, content));
    allowed("FPUT", answer, [damaged ? "DIGEST" : "OK", "QUOTA"]);
    if (answer === "OK") this.uploaded.done();
    else if (answer !== undefined) this.uploaded.seen(false);
    return answer;
  }

  /** Downloads it and compares; others may change it meanwhile. */
  async download(client: XftpClient): Promise<FileAnswer> {
    const recipient = this.#recipient;
    const acknowledged = this.#acknowledged;
    const complete = this.uploaded.state === "yes";
    let content: Uint8Array | undefined;
    const answer = await ask(async () => {
      content = await client.download(recipient, this.#what);
    });
    const answers = complete ? ["OK"] : ["NO_FILE"];
    if (this.uploaded.state !== "no") answers.push("OK");
    if (this.deleted.state !== "no" || acknowledged.state !== "no") {
      answers.push("AUTH");
    }
    allowed("FGET", answer, answers);
    if (content !== undefined && !equalBytes(content, this.content)) {
      throw new Fault("a file has another content");
    }
    return answer;
  }

  /** The recipient says that it has the file, and cannot get it again. */
  async acknowledge(client: XftpClient): Promise<FileAnswer> {
    const gone = this.#acknowledged.state !== "no";
    this.#acknowledged.asked();
    const answer = await ask(() => client.acknowledge(this.#recipient));
    allowed("FACK", answer, ["OK", gone ? "AUTH" : "OK"]);
    if (answer === "OK") this.#acknowledged.done();
    return answer;
  }

  /** Another recipient takes the place of the one there was. */
  async replaceRecipient(client: XftpClient): Promise<FileAnswer> {
    const keys = generateAuthKeyPair("ed25519");
    let recipient: ChunkAccess | undefined;
    const answer = await ask(async () => {
      const [id] = await client.addRecipients(this.sender, [keys.publicKey]);
      recipient = access(id, keys);
    });
    allowed("FADD", answer, [
      this.deleted.state === "yes" ? "AUTH" : "OK",
      this.deleted.state === "no" ? "OK" : "AUTH",
    ]);
    if (recipient !== undefined) {
      this.#recipient = recipient;
      this.#acknowledged = new Change("received", "a file");
    }
    return answer;
  }

  /** Deletes it for everybody. */
  async delete(client: XftpClient): Promise<FileAnswer> {
    this.deleted.asked();
    const answer = await ask(() => client.delete(this.sender));
    allowed("FDEL", answer, ["OK"]);
    if (answer === "OK") this.deleted.done();
    return answer;
  }

  /**
   * Finds out how it is while no command is under way.
   *
   * @throws {Fault} when that is not what the relay had answered
   */
  async check(client: XftpClient): Promise<void> {
    let answer = await this.download(client);
    if (answer === "AUTH") {
      // Only the recipient may be gone, or the file.
      answer = await this.replaceRecipient(client);
      this.deleted.seen(answer === "AUTH");
      if (answer === "AUTH") return;
      answer = await this.download(client);
    } else {
      this.#acknowledged.seen(false);
    }
    this.deleted.seen(false);
    this.uploaded.seen(answer === "OK");
  }

  get #what(): ChunkContent {
    return { size: this.content.length, digest: this.#digest };
  }
}

function access(id: Uint8Array, keys: AuthKeyPair): ChunkAccess {
  return { id, key: keys.privateKey };
}

/** `OK`, or why not; nothing when the relay is gone. */
async function ask(request: () => Promise<void>): Promise<FileAnswer> {
  try {
    await request();
    return "OK";
  } catch (error) {
    if (!(error instanceof XftpClientError)) throw error;
    if (error.refusal !== undefined) return error.refusal.type;
    if (error.code === "closed") return undefined;
    throw new Fault(`a transfer failed: ${error.message}`, { cause: error });
  }
}

/** @throws {Fault} for another answer than these, or none */
function allowed(
  command: string,
  answer: FileAnswer,
  answers: readonly string[],
): FileAnswer {
  if (answer !== undefined && !answers.includes(answer)) {
    throw new Fault(`${command} got ${answer} instead of ${answers[0]}`);
  }
  return answer;
}
