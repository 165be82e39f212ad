/**
 * Porchlight: a SimpleX relay at home. This is the table of its commands.
 *
 * @module
 */

import "./cli/check_libraries.ts";
import * as cli from "./cli/mod.ts";

const commands: cli.Commands = {
  start: cli.start,
  address: cli.address,
  status: cli.status,
  doctor: cli.doctor,
  stats: cli.stats,
  clients: cli.clients,
  queue: cli.queue,
  "stored-file": cli.storedFile,
  save: cli.save,
  file: cli.file,
  probe: cli.probe,
  relays: cli.relays,
  init: cli.init,
  password: cli.password,
  cert: cli.cert,
  backup: cli.backup,
  restore: cli.restore,
  import: cli.importCommand,
  export: cli.exportCommand,
  core: cli.core,
  update: cli.updateCommand,
  version: cli.version,
  help: cli.help,
};

Deno.exit(await cli.run(Deno.args, commands));
