import {
  type Check,
  ok,
  problem,
  skipped,
  type Verdict,
  warning,
} from "../check.ts";
import type { DoctorContext, RelayView } from "../context.ts";
import { readPath } from "../path_answer.ts";
import type { ProbeResult } from "../../probe/mod.ts";

/** How long each step may take, in milliseconds. */
const STEP_MS = 10_000;

/** Routers that do not lead back in drop what is sent. */
const OUTSIDE_MS = 5000;

/** Uses the relay as an app would, from this machine. */
export const selfTest: Check = {
  name: "self-test",
  group: "Trying it out",
  timeoutMs: 40_000,
  async run(context) {
    const { relay, config } = context;
    if (relay.state !== "running") {
      return [skipped("The relay has to be running for it.")];
    }
    const verdicts = await Promise.all(
      (["smp", "xftp"] as const).map((scheme) => {
        if (scheme === "xftp" && !config.xftp.enabled) {
          return skipped("Files are switched off (xftp.enabled).");
        }
        return tryOut(scheme, relay, context);
      }),
    );
    return [...verdicts, ...await fromOutside(relay, context)];
  },
};

/** By the address that the world is told, as far as that can be tried from here. */
async function fromOutside(
  relay: RelayView & { state: "running" },
  { config, signal }: DoctorContext,
): Promise<Verdict[]> {
  const { hosts, port } = config.address;
  const [told] = readPath(relay.path)?.places ?? [];
  const host = hosts.find((each) => !each.endsWith(".onion")) ?? told?.host;
  const [text] = relay.addresses;
  if (host === undefined || text === undefined) return [];
  const { parseServerAddress } = await import("../../relay/smp/mod.ts");
  const { testSmp } = await import("../../probe/mod.ts");
  const address = parseServerAddress(text);
  const result = await testSmp({
    ...address,
    hosts: [host],
    port: hosts.length > 0 && port !== 0
      ? String(port)
      : told?.host === host
      ? String(told.port)
      : address.port,
  }, { signal, timeoutMs: OUTSIDE_MS, full: false });
  if (result.ok) return [ok(`It answers at ${host} as well.`)];
  const failed = result.steps.find(({ state }) => state === "failed");
  const what = `From here, ${host} does not lead to the relay: ${
    uncapital(failed?.text ?? "It broke off.")
  }`;
  const why = "many routers let nobody out and in again.";
  if (told?.host === host && told.confirmed) {
    return [skipped(
      `${what} That means nothing: somebody outside got through, and ${why}`,
    )];
  }
  return [skipped(
    `${what} That need not mean anything: ${why}`,
    "Try it from elsewhere, such as with a phone that is not in your Wi-Fi.",
  )];
}

function uncapital(sentence: string): string {
  return sentence[0].toLowerCase() + sentence.slice(1);
}

async function tryOut(
  scheme: "smp" | "xftp",
  relay: RelayView & { state: "running" },
  { config, signal }: DoctorContext,
): Promise<Verdict> {
  // Only now: it opens OpenSSL, whose absence another check tells.
  const { takesNew, testOwnRelay } = await import("../../probe/mod.ts");
  const { addresses } = relay;
  const result = await testOwnRelay(scheme, {
    config,
    addresses,
    signal,
    timeoutMs: STEP_MS,
  });
  if (result === undefined) {
    return warning(`The relay has no address for ${things(scheme)}.`, {
      meaning: "It was started with other settings.",
      remedy: "Restart the relay.",
    });
  }
  return verdictOf(result, { full: takesNew(scheme, config), scheme });
}

function verdictOf(
  { ok: works, steps, version }: ProbeResult,
  { full, scheme }: { full: boolean; scheme: "smp" | "xftp" },
): Verdict {
  if (works && full) {
    const total = steps.reduce((sum, step) => sum + step.milliseconds, 0);
    const did = scheme === "smp"
      ? "created and secured a queue, sent and received a message, deleted all"
      : "uploaded and downloaded a piece of a file, deleted it";
    return ok(`As an app does: ${did}. ${total} ms, version ${version}.`);
  }
  if (works) {
    return skipped(
      `The relay answers. New ${
        scheme === "smp" ? "queues" : "files"
      } are switched off, so that no more can be tried.`,
    );
  }
  const failed = steps.find(({ state }) => state === "failed");
  const last = failed?.text ?? "It broke off.";
  return problem(
    `Using it for ${things(scheme)} as an app does fails at "${
      failed?.name ?? "connect"
    }".`,
    {
      meaning: last,
      remedy: failed?.remedy ??
        "Look at the lines above and at the relay's log; restart the relay.",
    },
  );
}

function things(scheme: "smp" | "xftp"): string {
  return scheme === "smp" ? "messages" : "files";
}
