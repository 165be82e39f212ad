/**
 * Chromium, driven over its debugging protocol.
 *
 * @module
 */

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Its path, where it is installed. */
export const CHROMIUM: string | undefined = NAMES.flatMap((name) =>
  (Deno.env.get("PATH") ?? "").split(":").map((folder) => `${folder}/${name}`)
).find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

type Result = Record<string, unknown>;

/** One tab of a browser of its own. */
export class Chromium implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>();
  #loaded: PromiseWithResolvers<void> | undefined;
  #last = 0;
  /** What the page has complained about, such as breaches of its policy. */
  readonly complaints: string[] = [];

  private constructor(
    { process, profile, socket }: {
      process: Deno.ChildProcess;
      profile: string;
      socket: WebSocket;
    },
  ) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
  }

  static async start(path: string): Promise<Chromium> {
    const profile = await Deno.makeTempDir();
    const process = new Deno.Command(path, {
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
        ...["--ignore-certificate-errors", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-dev-shm-usage"],
        ...["--remote-debugging-port=0", `--user-data-dir=${profile}`],
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const port = await portOf(profile);
    const pages: { type: string; webSocketDebuggerUrl: string }[] =
      await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
    const page = pages.find(({ type }) => type === "page");
    if (page === undefined) throw new Error("Chromium has no page");
    const socket = new WebSocket(page.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const chromium = new Chromium({ process, profile, socket });
    for (const domain of ["Page", "Runtime", "Log", "Network"]) {
      await chromium.send(`${domain}.enable`);
    }
    return chromium;
  }

  /** Sends a command of the protocol. */
  send(method: string, params: Result = {}): Promise<Result> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<Result>();
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return waiting.promise;
  }

  /** Opens a page anew and waits until it is there. */
  async open(url: string): Promise<void> {
    // Another fragment alone would load nothing.
    for (const each of ["about:blank", url]) {
      this.#loaded = Promise.withResolvers();
      await this.send("Page.navigate", { url: each });
      await this.#loaded.promise;
    }
  }

  /** The value of an expression on the page. */
  async value(expression: string): Promise<unknown> {
    const { result } = await this.send("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    }) as { result: { value?: unknown } }; // Runtime.evaluate of the protocol
    return result.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    void this.send("Browser.close");
    await this.#process.status;
    this.#socket.close();
    await closed;
    await Deno.remove(this.#profile, { recursive: true });
  }

  #receive(
    { id, result, error, method, params }: {
      id?: number;
      result?: Result;
      error?: { message: string };
      method?: string;
      params?: { entry?: { text: string }; exceptionDetails?: unknown };
    },
  ): void {
    if (id !== undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result ?? {});
    } else if (method === "Page.loadEventFired") this.#loaded?.resolve();
    else if (method === "Log.entryAdded" && params?.entry) {
      this.complaints.push(params.entry.text);
    } else if (method === "Runtime.exceptionThrown") {
      this.complaints.push(JSON.stringify(params?.exceptionDetails));
    }
  }
}

async function portOf(profile: string): Promise<string> {
  for (let tries = 0; tries < 300; tries++) {
    try {
      const text = await Deno.readTextFile(`${profile}/DevToolsActivePort`);
      if (text.includes("\n")) return text.split("\n")[0];
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Chromium does not start");
}
