/**
 * Restarting the relay.
 *
 * @module
 */

import { askRelay, ControlError } from "../../relay/control/mod.ts";
import { Message } from "../pages/layout.tsx";
import type { WebContext, WebParts } from "../parts.ts";

/** Has the relay started again, and shows that. */
export async function restart(
  context: WebContext,
  { settings, socket }: WebParts,
): Promise<Response> {
  const { problems, config } = settings.current();
  try {
    if (problems.length > 0) throw new Refused(problems.join(" "));
    await askRelay("/restart", { socket, body: {} });
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof Refused)) {
      throw error;
    }
    return context.html(
      <Message
        name={config.web.name || "Porchlight"}
        title="The relay was not restarted"
        formToken=""
        text={error.message}
        back="/"
      />,
      503,
    );
  }
  settings.started();
  return context.redirect("/restarting", 303);
}

class Refused extends Error {}
