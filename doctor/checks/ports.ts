import { type Check, ok, problem, type Verdict, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import type { Machine } from "../machine.ts";
import { type Listening, listeningOn } from "../sockets.ts";

/** Files that a relay has open beside its connections. */
const OTHER_FILES = 100;

/** The ports that the relay needs, and how many connections the system allows. */
export const ports: Check = {
  name: "ports",
  group: "The relay",
  run(context) {
    const { config, relay } = context;
    const wanted = config.listen.ports.filter((port) => port !== 0);
    return wanted.flatMap((port) => {
      const listening = listeningOn(port, context.machine);
      if (relay.state === "running") {
        return whileRunning(port, listening, context);
      }
      if (relay.state === "unknown" && listening.taken) {
        return [ok(`Port ${port} is in use.`)];
      }
      return listening.taken
        ? [taken(port, listening)]
        : listen(port, config.listen.addresses);
    });
  },
};

function whileRunning(
  port: number,
  { taken, by }: Listening,
  { machine, config }: DoctorContext,
): Verdict[] {
  if (!taken) {
    return [problem(`Nobody listens on port ${port}.`, {
      meaning: "The settings name it, and the running relay began with others.",
      remedy: "Restart the relay.",
    })];
  }
  const { connections } = config.limits;
  const files = by && maxFiles(by.pid, machine);
  const verdict = ok(`Port ${port} is open on this machine.`);
  if (files === undefined || files >= connections + OTHER_FILES) {
    return [verdict];
  }
  return [
    verdict,
    warning(
      `The system lets the relay have ${files} open files, and ` +
        `limits.connections is ${connections}.`,
      {
        meaning: "Apps are turned away before the limit is reached.",
        remedy: "Write LimitNOFILE=65535 into the systemd unit and restart " +
          "it, or lower limits.connections.",
      },
    ),
  ];
}

/** `Max open files  1024  524288  files`; the first counts. */
function maxFiles(pid: number, machine: Machine): number | undefined {
  const limits = machine.read(`/proc/${pid}/limits`) ?? "";
  const text = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  if (text === undefined) return undefined;
  return text === "unlimited" ? Infinity : Number(text);
}

function taken(port: number, { by }: Listening): Verdict {
  const who = by === undefined
    ? "another program"
    : `another program, ${by.name} (process ${by.pid})`;
  return problem(`Port ${port} is taken by ${who}.`, {
    meaning: "The relay cannot start.",
    remedy:
      (by === undefined ? `See which: sudo ss -ltnp "sport = ${port}". ` : "") +
      "End that program, or give the relay another port: listen.ports in " +
      "porchlight.toml. Once people use the relay's address, its port must " +
      "stay.",
  });
}

/** Tries to listen, as the relay would. */
function listen(port: number, addresses: readonly string[]): Verdict[] {
  for (const address of addresses) {
    const hostname = address.replace(/^\[(.*)\]$/, "$1");
    try {
      Deno.listen({ hostname, port }).close();
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) {
        return [forbidden(port)];
      }
      // The other default address, or IPv6 that is switched off.
      if (error instanceof Deno.errors.AddrInUse) continue;
      if (addresses.includes("0.0.0.0") && hostname === "::") continue;
      const message = error instanceof Error ? error.message : String(error);
      return [problem(`The relay cannot listen on ${address}, port ${port}.`, {
        meaning: `The system says: ${message}`,
        remedy: "Set listen.addresses to addresses that this machine has.",
      })];
    }
  }
  return [ok(`Port ${port} is free for the relay.`)];
}

function forbidden(port: number): Verdict {
  return problem(`This user may not listen on port ${port}.`, {
    meaning: "Ports below 1024 take a right of their own.",
    remedy: "In the systemd unit, write AmbientCapabilities=" +
      "CAP_NET_BIND_SERVICE; or choose a port above 1023 and let the router " +
      `forward port ${port} to it.`,
  });
}
