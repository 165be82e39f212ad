/**
 * Chromium without a window, driven over the DevTools protocol.
 *
 * @module
 */

import { join } from "node:path";

/** How long Chromium may take for one thing, in ms. */
const TIMEOUT_MS = 30_000;

/** Names under which distributions have it. */
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];

/** Path of Chromium, if this machine has it. */
export async function findChromium(): Promise<string | undefined> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    for (const program of PROGRAMS) {
      const path = join(directory, program);
      const info = await Deno.stat(path).catch(() => undefined);
      if (info?.isFile) return path;
    }
  }
  return undefined;
}

/** A window of this size, in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly mobile?: boolean;
}

/** One tab of a browser with a profile of its own. */
export class Chromium implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #session: string;
  readonly #waiting: Map<number, (answer: Message) => void>;
  /** What the console said that was no mere message. */
  readonly complaints: string[];
  #next = 10;

  private constructor(
    parts: {
      child: Deno.ChildProcess;
      profile: string;
      socket: WebSocket;
      session: string;
      waiting: Map<number, (answer: Message) => void>;
      complaints: string[];
    },
  ) {
    this.#child = parts.child;
    this.#profile = parts.profile;
    this.#socket = parts.socket;
    this.#session = parts.session;
    this.#waiting = parts.waiting;
    this.complaints = parts.complaints;
  }

  static async start(program: string): Promise<Chromium> {
    const profile = await Deno.makeTempDir();
    const child = new Deno.Command(program, {
      args: [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--hide-scrollbars",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      const socket = await connect(join(profile, "DevToolsActivePort"));
      const waiting = new Map<number, (answer: Message) => void>();
      const complaints: string[] = [];
      socket.onmessage = ({ data }) => {
        const message: Message = JSON.parse(String(data));
        if (message.id !== undefined) waiting.get(message.id)?.(message);
        else complaints.push(...complaintsIn(message));
      };
      const parts = { child, profile, socket, waiting, complaints };
      const bare = new Chromium({ ...parts, session: "" });
      const { targetId } = await bare.#call("Target.createTarget", {
        url: "about:blank",
      });
      const { sessionId } = await bare.#call("Target.attachToTarget", {
        targetId,
        flatten: true,
      });
      const tab = new Chromium({ ...parts, session: String(sessionId) });
      for (const domain of ["Page", "Runtime", "Log"]) {
        await tab.#call(`${domain}.enable`, {});
      }
      return tab;
    } catch (error) {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(profile, { recursive: true });
      throw error;
    }
  }

  async open(url: string): Promise<void> {
    await this.#call("Page.navigate", { url });
    await this.until("document.readyState === 'complete'");
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
      userGesture: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return typeof result === "object" && result !== null && "value" in result
      ? result.value
      : undefined;
  }

  /** Waits until the page says so, over navigations too. */
  async until(expression: string): Promise<void> {
    const end = performance.now() + TIMEOUT_MS;
    while (performance.now() < end) {
      // While a page goes and the next one comes there is none to ask.
      const value = await this.evaluate(expression).catch(() => false);
      if (value === true) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`Never in the page: ${expression}`);
  }

  /** Types into what has the focus. */
  async type(text: string): Promise<void> {
    await this.#call("Input.insertText", { text });
  }

  /** Presses a key that is no letter. */
  async press(key: "Tab" | "Enter" | " "): Promise<void> {
    const codes = { Tab: 9, Enter: 13, " ": 32 };
    const text = { Tab: "", Enter: "\r", " ": " " }[key];
    const common = { key, windowsVirtualKeyCode: codes[key] };
    const down = text === "" ? "rawKeyDown" : "keyDown";
    await this.#call("Input.dispatchKeyEvent", { type: down, text, ...common });
    await this.#call("Input.dispatchKeyEvent", { type: "keyUp", ...common });
  }

  async resize({ width, height, mobile = false }: Size): Promise<void> {
    await this.#call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      mobile,
      deviceScaleFactor: 2,
    });
  }

  /** Prefers light or dark colours. */
  async prefer(scheme: "light" | "dark"): Promise<void> {
    await this.#call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  /** Without JavaScript from the next page on. */
  async withoutScripts(disabled: boolean): Promise<void> {
    await this.#call("Emulation.setScriptExecutionDisabled", {
      value: disabled,
    });
  }

  /** The whole page as PNG. */
  async picture(): Promise<Uint8Array> {
    const { data } = await this.#call("Page.captureScreenshot", {
      format: "png",
      captureBeyondViewport: true,
    });
    return Uint8Array.fromBase64(String(data));
  }

  async #call(
    method: string,
    params: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const id = this.#next++ * 2 + (this.#session === "" ? 0 : 1);
    const answered = Promise.withResolvers<Message>();
    this.#waiting.set(id, answered.resolve);
    const timer = setTimeout(
      () => answered.reject(new Error(`Chromium never answered ${method}`)),
      TIMEOUT_MS,
    );
    try {
      const sessionId = this.#session || undefined;
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
      const { result, error } = await answered.promise;
      if (result === undefined) {
        throw new Error(`${method}: ${JSON.stringify(error)}`);
      }
      return result;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await closed;
    await removeProfile(this.#profile);
  }
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: unknown;
}

/** Exceptions of scripts, and what the browser refused. */
function complaintsIn({ method, params }: Message): string[] {
  const isBad = method === "Runtime.exceptionThrown" ||
    (method === "Log.entryAdded" &&
      /"level":"(?:error|warning)"/.test(JSON.stringify(params)));
  return isBad ? [JSON.stringify(params)] : [];
}

/** Chromium writes its port, and the path of its socket, when it is ready. */
async function connect(portFile: string): Promise<WebSocket> {
  const end = performance.now() + TIMEOUT_MS;
  for (;;) {
    const text = await Deno.readTextFile(portFile).catch(() => "");
    const [port, path] = text.trim().split("\n");
    if (path !== undefined) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error("Chromium cannot be reached"));
      });
      return socket;
    }
    if (performance.now() > end) throw new Error("Chromium does not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Its last processes may still write into it. */
async function removeProfile(path: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
