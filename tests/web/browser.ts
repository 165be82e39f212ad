/**
 * A browser without a window: cookies, forms, and headers that can be wrong.
 *
 * @module
 */

import { type IncomingHttpHeaders, request } from "node:http";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** How a question differs from an ordinary one. */
export interface AskOptions {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** Keeps cookies, follows nothing by itself. */
export class Browser {
  readonly #base: URL;
  readonly cookies = new Map<string, string>();
  /** Last page, whose form is sent next. */
  page = "";

  constructor(base: string) {
    this.#base = new URL(base);
  }

  get origin(): string {
    return this.#base.origin;
  }

  /** Loads a page. */
  async get(path: string, options: AskOptions = {}): Promise<Answer> {
    const answer = await this.#ask("GET", path, options);
    this.page = answer.text;
    return answer;
  }

  /** Sends a form with the token of the last page, unless it has one. */
  async send(
    path: string,
    fields: Record<string, string>,
    options: AskOptions = {},
  ): Promise<Answer> {
    const token = /name="form_token" value="([^"]*)"/.exec(this.page)?.[1];
    const form = new URLSearchParams({ form_token: token ?? "", ...fields });
    return await this.#ask("POST", path, {
      body: form.toString(),
      ...options,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: this.origin,
        ...options.headers,
      },
    });
  }

  #ask(
    method: string,
    path: string,
    { headers = {}, body }: AskOptions,
  ): Promise<Answer> {
    const cookie = Array.from(
      this.cookies,
      ([name, value]) => `${name}=${value}`,
    ).join("; ");
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, this.#base), {
        method,
        agent: false,
        headers: { ...cookie === "" ? {} : { cookie }, ...headers },
      }, (response) => {
        const parts: Uint8Array[] = [];
        response.on("data", (part: Uint8Array) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          for (const line of response.headers["set-cookie"] ?? []) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
            if (value === "") this.cookies.delete(name);
            else this.cookies.set(name, value);
          }
          const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            text: new TextDecoder().decode(bytes),
          });
        });
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }
}
