/**
 * What browsers see that come to the relay's own port: what this relay is and
 * who runs it, and where SimpleX links lead that are opened outside of the app.
 * Messages and files never depend on it.
 *
 * ```text
 * GET  /                      about the relay
 *      /a /c /g /i /r         short links      ┐ what they are for
 *      /contact /invitation   full links       ┘ is behind #, in the browser
 *      /.well-known/…         for phones: these links are for the SimpleX app
 *      /favicon.svg /robots.txt
 * ```
 *
 * @module
 */

export {
  type FileInformation,
  type InformationPageParts,
} from "./information_page.ts";
export { type PageAnswer, type PageRequest, Pages } from "./pages.ts";
export { relayPages } from "./relay_pages.ts";
export { answerStream, servePagesHttp1, servePagesHttp2 } from "./serve.ts";
