import assert from "node:assert/strict";
import type { PathEvent } from "./events.ts";
import { initialPathState, type PathSettings } from "./state.ts";
import { step } from "./step.ts";
import { describePath, type PathSurroundings } from "./words.ts";

const HOST = "93.184.216.34";

/** What a call-back sees. */
const outcomes = {
  works: "reachable",
  fails: "timeout",
  "is refused": "refused",
  "is another": "wrong fingerprint",
} as const;

/** What the owner reads after these events, a second from one to the next. */
function wordsAfter(
  events: readonly (PathEvent | keyof typeof outcomes)[],
  { settings = {}, around = {}, later = 0 }: {
    settings?: Partial<PathSettings>;
    around?: Partial<PathSurroundings>;
    /** How long ago the last event was, ms. */
    later?: number;
  } = {},
) {
  let state = initialPathState({
    port: 5223,
    manualPort: 5223,
    mapping: true,
    callbacks: true,
    recheckMs: 3_600_000,
    ...settings,
  }, 1);
  let now = 0;
  const on = (event: PathEvent) => {
    state = step(state, event, now).state;
  };
  for (const event of events) {
    now += 1000;
    if (typeof event !== "string") {
      on(event);
      continue;
    }
    const outcome = outcomes[event];
    // Twice, for the second failure counts.
    for (let round = 0; round < (event === "works" ? 1 : 2); round++) {
      for (const { calling, family } of Object.values(state.candidates)) {
        if (calling === undefined) continue;
        const observed = family === 6 ? "2a00::7" : HOST;
        on({ type: "called", call: calling, outcome, observed });
      }
      if (event === "works") break;
      now += 5000;
      on({ type: "tick" });
    }
  }
  return describePath(state, now + later, {
    ownHosts: [],
    localAddress: "192.168.1.20",
    ...around,
  });
}

function port(event: Partial<PathEvent> = {}): PathEvent {
  const base = { type: "port", family: 4, state: "mapped" } as const;
  const place = { host: HOST, port: 5223, method: "upnp" } as const;
  return { ...base, ...place, ...event } as PathEvent;
}

function none(failure: string, behind?: string): PathEvent {
  return {
    type: "port",
    family: 4,
    state: "none",
    failure,
    behind,
  } as PathEvent;
}

const tunnel = {
  type: "tunnel up",
  host: "lamp.example.org",
  port: 7001,
  confirmed: true,
} as const;

const six: PathEvent = {
  type: "addresses",
  direct6: "2a00::7",
  connected: true,
};

const cases: [
  string,
  Parameters<typeof wordsAfter>,
  { state: "ok" | "degraded"; line: RegExp; remedy?: RegExp } | undefined,
][] = [
  ["nothing known yet", [[]], { state: "ok", line: /finding out/ }],
  ["being checked", [[port()]], { state: "ok", line: /finding out/ }],
  [
    "mapped and checked",
    [[port({ router: "FRITZ!Box\u0007" }), "works"], { later: 200_000 }],
    {
      state: "ok",
      line:
        /^Reachable from the Internet at 93\.184\.216\.34:5223, through your router, FRITZ!Box \(UPnP\), checked 3 minutes ago from outside\.$/,
    },
  ],
  [
    "an hour later",
    [[port(), "works"], { later: 3_700_000 }],
    { state: "ok", line: /checked 1 hour ago/ },
  ],
  [
    "mapped, with nobody to ask",
    [[port()], { settings: { callbacks: false } }],
    {
      state: "ok",
      line: /^Probably reachable .* Nobody has checked it from outside\.$/,
      remedy: /porchlight probe/,
    },
  ],
  [
    "both families",
    [[six, port(), "works"]],
    { state: "ok", line: /at 93\.184\.216\.34:5223 and \[2a00::7\]:5223/ },
  ],
  [
    "IPv6 alone",
    [[six, "works", none("no answer"), "fails"]],
    {
      state: "degraded",
      line: /at \[2a00::7\]:5223.* Most apps need IPv4: your router opens no/,
      remedy: /forward TCP port 5223 there to 192\.168\.1\.20, port 5223/,
    },
  ],
  [
    "a silent router",
    [[none("no answer"), "fails"], { settings: { manualPort: 443 } }],
    {
      state: "degraded",
      line: /does not answer UPnP/,
      remedy: /forward TCP port 443 there to 192\.168\.1\.20, port 5223/,
    },
  ],
  [
    "a router that refuses",
    [[none("refused"), "fails"]],
    { state: "degraded", line: /refuses/, remedy: /^Allow it/ },
  ],
  [
    "a router without a public address",
    [[none("no public address", "nat"), "fails"]],
    {
      state: "degraded",
      line: /no public address itself/,
      remedy: /If there is another router/,
    },
  ],
  [
    "CGNAT that the router tells of",
    [[port({ host: "100.64.0.9", behind: "cgnat" }), "fails"]],
    { state: "degraded", line: /CGNAT/, remedy: /use a core/ },
  ],
  [
    "double NAT",
    [[port({ host: "192.168.0.9", behind: "nat" }), "fails"]],
    { state: "degraded", line: /another router/, remedy: /bridge mode/ },
  ],
  [
    "a mapping that does not work",
    [[port(), "fails"]],
    {
      state: "degraded",
      line: /has opened port 5223, but nobody gets through .*: no answer came/,
      remedy: /provider/,
    },
  ],
  [
    "a mapping that leads nowhere",
    [[port(), "is refused"]],
    {
      state: "degraded",
      line: /has opened port 5223.*: the connection was refused/,
      remedy: /provider/,
    },
  ],
  [
    "a mapping that leads to another machine",
    [[port(), "is another"]],
    {
      state: "degraded",
      line: /has opened port 5223.*: another relay answers there/,
      remedy: /path\.external_port/,
    },
  ],
  [
    "a port that nobody forwarded",
    [[{ type: "addresses", connected: true }, "fails"], {
      settings: { mapping: false },
    }],
    {
      state: "degraded",
      line: /Nobody gets through to port 5223/,
      remedy: /^In your router, forward/,
    },
  ],
  [
    "a firewall on a public machine",
    [[{ type: "addresses", direct4: HOST, connected: true }, "fails"]],
    { state: "degraded", line: /this machine/, remedy: /firewall/ },
  ],
  [
    "no network",
    [[{ type: "addresses", connected: false }, none("no network")], {
      settings: { callbacks: false },
    }],
    { state: "degraded", line: /not connected/, remedy: /cable/ },
  ],
  [
    "a tunnel",
    [[tunnel, none("no answer"), "fails"]],
    { state: "ok", line: /at lamp\.example\.org:7001, through the core/ },
  ],
  [
    "a name of the owner's",
    [[port(), "works"], { around: { ownHosts: ["relay.example.org"] } }],
    { state: "ok", line: /\(told as relay\.example\.org\)/ },
  ],
  [
    "a name of the owner's, with nobody to ask",
    [[none("no answer")], {
      settings: { callbacks: false },
      around: { ownHosts: ["relay.example.org"] },
    }],
    { state: "ok", line: /^At relay\.example\.org, as you set it\./ },
  ],
  [
    "an owner who wants nothing of it",
    [[{ type: "addresses", connected: true }], {
      settings: { mapping: false, callbacks: false },
    }],
    undefined,
  ],
];

for (const [name, parameters, expected] of cases) {
  Deno.test(`in words: ${name}`, () => {
    const words = wordsAfter(...parameters);
    if (expected === undefined || words === undefined) {
      assert.equal(words, expected);
      return;
    }
    assert.equal(words.state, expected.state, words.line);
    assert.match(words.line, expected.line);
    if (expected.remedy === undefined) assert.equal(words.remedy, undefined);
    else assert.match(words.remedy ?? "", expected.remedy);
    for (const text of [words.line, words.remedy ?? "A."]) {
      // Whole sentences, without what a terminal would obey.
      assert.match(text, /^[A-Z][^\p{C}]*\.$/u);
    }
  });
}
