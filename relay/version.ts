import project from "../deno.json" with { type: "json" };

/** Version of Porchlight, from deno.json: the one place where it is written. */
export const VERSION: string = project.version;
