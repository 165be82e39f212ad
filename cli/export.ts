import { identityPaths } from "../relay/identity/mod.ts";
import { exportState } from "../relay/migrate/mod.ts";
import { command } from "./command.ts";
import { configFlags, UsageError } from "./flags.ts";
import { configOf } from "./settings.ts";

/** `porchlight export DIR`: moves out to a reference server. */
export const exportCommand = command({
  summary: "Move out to an smp-server: write its files",
  takes: "DIRECTORY",
  help: `Writes what the relay keeps into DIRECTORY, as the files that an
smp-server reads: queues, messages, notifications, certificates and
smp-server.ini. Stop the relay first, and do not start it again once the
server runs: two relays with one address confuse apps. The relay's own data
stay as they are. See docs/moving.md.

  porchlight export /var/opt/simplex --config-dir /etc/opt/simplex`,
  flags: {
    "config-dir": {
      doc: "Where smp-server.ini and the certificates go.",
      value: "DIRECTORY",
    },
    ...configFlags,
  },
  async run(values, { terminal: { print }, env }, words) {
    if (words.length !== 1) {
      throw new UsageError(
        "export takes one directory: porchlight export /var/opt/simplex",
      );
    }
    const config = configOf(values, env);
    const usual = identityPaths(config.data.directory);
    const report = await exportState({
      config,
      identity: {
        ...usual,
        certificate: config.tls.certificate || usual.certificate,
        key: config.tls.key || usual.key,
        ca: config.tls.ca || usual.ca,
      },
      state: words[0],
      settings: values["config-dir"],
    });
    print(
      `Written to ${report.state}: ${report.queues} queues, ` +
        `${report.messages} messages, ${report.notifications} notifications, ` +
        `${report.services} services`,
      `Written to ${report.settings}: smp-server.ini and the certificates`,
      `Fingerprint: ${report.fingerprint}`,
    );
    if (report.findings.notes.length > 0) print("", ...report.findings.notes);
    return 0;
  },
});
