import project from "../deno.json" with { type: "json" };
import build from "./build.json" with { type: "json" };

/** Version of Porchlight, from deno.json: the one place where it is written. */
export const VERSION: string = project.version;

/** The commit that this program was built from; empty in a checkout. */
export const COMMIT: string = build.commit;
