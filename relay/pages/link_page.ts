/**
 * The pages that SimpleX links lead to when a browser opens them (simplexmq
 * 6.5.5, `smpLinkPages` in `SMPWeb`).
 *
 * @module
 */

import { html } from "./html.ts";
import { layout } from "./layout.ts";
import { LINK_SCRIPT } from "./link_script.ts";

interface LinkWords {
  readonly title: string;
  readonly what: string;
  /** What the app asks for. */
  readonly then: string;
}

const ADDRESS: LinkWords = {
  title: "Connect in SimpleX Chat",
  what:
    "Somebody gave you the link to their SimpleX address. With it you can write to them in the SimpleX Chat app.",
  then: "Tap “Connect” in the app. They see your request and can accept it.",
};
const INVITATION: LinkWords = {
  title: "You are invited to SimpleX Chat",
  what:
    "Somebody made this link for you. It works once, for whoever uses it first, so do not pass it on.",
  then: "Tap “Connect” in the app. Then you can write to each other.",
};

/** The words for each kind of link, by its path. */
const LINKS: Readonly<Record<string, LinkWords>> = {
  "/a": ADDRESS,
  "/c": {
    title: "Join a channel in SimpleX Chat",
    what:
      "This link leads to a channel. You can read it in the SimpleX Chat app.",
    then: "Tap “Join” in the app.",
  },
  "/g": {
    title: "Join a group in SimpleX Chat",
    what:
      "This link leads to a group. You can join it in the SimpleX Chat app.",
    then: "Tap “Join” in the app.",
  },
  "/i": INVITATION,
  "/r": {
    title: "A chat relay for SimpleX channels",
    what:
      "This link is the address of a chat relay, which passes on what is written in channels. Those who run a channel can add it in the SimpleX Chat app.",
    then: "Follow what the app says.",
  },
  "/contact": ADDRESS,
  "/invitation": INVITATION,
};

/** The page of each kind of link, by its path. */
export function linkPages(): [path: string, page: string][] {
  return Object.entries(LINKS).map(([path, words]) => [path, linkPage(words)]);
}

function linkPage({ title, what, then }: LinkWords): string {
  return layout({
    title,
    script: LINK_SCRIPT,
    content: html`
      <section class="card">
        <h1>${title}</h1>
        <p>${what}</p>
        <div id="go" hidden>
          <ol>
            <li>Get the app, if you do not have it: ${APPS}</li>
            <li>Open the link in it:
      <p><a class="button" id="open" href="#">Open in the app</a></p></li>
            <li>${then}</li>
          </ol>
        </div>
        <div id="plain">
          <ol>
            <li>Get the app, if you do not have it: ${APPS}</li>
            <li>Copy the whole link from your browser’s address bar, with all that is behind the #.</li>
            <li>Start a new chat in the app, and paste the link there. ${then}</li>
          </ol>
          <p
            class="soft">With JavaScript, there would be a button here that opens the app.</p>
        </div>
        <div id="broken" class="warn" role="status" hidden>
          <p><strong>This link is not complete.</strong> What belongs behind the # is missing or cut off, as happens when a link is copied by hand or broken into two lines. Copy it anew, or ask for it again.</p>
        </div>
      </section>
      <section class="card" id="other" hidden>
        <h2>The app is on another device?</h2>
        <div id="code" hidden>
          <p>Scan this code with the app there.</p>
          <svg class="qr" id="qr" role="img" aria-label="QR code of this link"
            shape-rendering="crispEdges">
            <path id="dark" fill="#000" />
          </svg>
        </div>
        <p><button class="button second" id="copy" type="button">Copy the link</button> <span id="copied" class="soft" role="status"></span></p>
      </section>
      <p
        class="soft">What the link is for stands behind its #. Browsers keep that part to themselves: this server did not get it, and does not know which link you have opened.</p>
    `,
  });
}

const APPS = html`
  <ul class="apps">
    <li><a href="https://play.google.com/store/apps/details?id=chat.simplex.app" rel="noreferrer">Google Play</a></li>
    <li><a href="https://simplex.chat/fdroid" rel="noreferrer">F-Droid</a></li>
    <li><a href="https://apps.apple.com/app/simplex-chat/id1605771084" rel="noreferrer">iPhone and iPad</a></li>
    <li><a href="https://simplex.chat/downloads" rel="noreferrer">Computer</a></li>
  </ul>
`;
