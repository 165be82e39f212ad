/**
 * The directory for people: list, map, a page for each relay.
 *
 * @module
 */

export type { DirectoryFacts } from "./layout.tsx";
export { DirectoryPages, type DirectoryPagesOptions } from "./pages.ts";
