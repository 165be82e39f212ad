/**
 * Style sheet, script and icon. They are modules, so that a bundle of the
 * program has them in it.
 *
 * @module
 */

/** Copies addresses, and takes in what changes. All works without it. */
export const SCRIPT = `"use strict";
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    let done = false;
    try {
      // Only pages over https have the clipboard.
      if (navigator.clipboard) {
        await navigator.clipboard.writeText(field.value);
        done = true;
      } else done = document.execCommand("copy");
    } catch { /* It is selected: the owner can copy it. */ }
    const before = "Copy";
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => button.textContent = before, 2500);
  });
}
const live = document.getElementById("live");
if (live && window.EventSource) {
  const events = new EventSource(live.dataset.events);
  events.addEventListener("live", (event) => {
    const html = JSON.parse(event.data);
    const before = live.querySelector("h1")?.textContent;
    live.innerHTML = html;
    const sentence = live.querySelector("h1");
    if (sentence && sentence.textContent !== before) {
      sentence.setAttribute("role", "status");
    }
  });
  events.addEventListener("end", () => location.reload());
}
`;

/** A lamp in a doorway. */
export const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1d2b3a"/><path d="M16 5v4" stroke="#f4b942" stroke-width="2" stroke-linecap="round"/><path d="M9 18a7 7 0 0 1 14 0z" fill="#f4b942"/><circle cx="16" cy="20" r="3" fill="#fff3d1"/><path d="M8 26h16" stroke="#f4b942" stroke-width="2" stroke-linecap="round" opacity=".55"/></svg>`;

export const STYLE = `
:root {
  --ground: #f4f2ee; --card: #fff; --text: #1c2430; --soft: #565f6b;
  --line: #d9d4ca; --accent: #8a5300; --accent-text: #fff; --field: #fff;
  --field-line: #837b6d; --good: #1d7a46; --warn: #965a00; --bad: #b3261e;
  --lamp: #f4b942; --bar: #d9912a; --tag: #ece8e0;
  color-scheme: light;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12171d; --card: #1b222b; --text: #eceff3; --soft: #a9b3bf;
    --line: #323c48; --accent: #f4b942; --accent-text: #1c1300; --field: #12171d;
    --field-line: #77828f; --good: #58cf8d; --warn: #f4b942; --bad: #ff8a80;
    --bar: #d9912a; --tag: #2a333f;
    color-scheme: dark;
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
body { margin: 0; background: var(--ground); color: var(--text); }
[hidden] { display: none !important; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--lamp); outline-offset: 2px; border-radius: 4px; }
@media (prefers-color-scheme: light) { :focus-visible { outline-color: #1d5fa8; } }
main:focus { outline: none; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem;
  max-width: 64rem; margin: 0 auto; padding: .75rem 1rem; }
.brand { display: inline-flex; align-items: center; gap: .6rem; font-weight: 650;
  font-size: 1.1rem; color: inherit; text-decoration: none; overflow-wrap: anywhere; min-height: 44px; }
nav { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .25rem; margin-left: auto; }
nav a, nav button.link { padding: .55rem .7rem; border-radius: 8px; text-decoration: none;
  color: var(--soft); background: none; border: 0; font: inherit; min-height: 44px;
  display: inline-flex; align-items: center; }
nav a:hover, nav button.link:hover { color: var(--text); text-decoration: underline; background: none; }
nav a[aria-current] { color: var(--text); font-weight: 600; background: var(--card);
  box-shadow: inset 0 0 0 1px var(--line); }
main { max-width: 64rem; margin: 0 auto; padding: .25rem 1rem 4rem; display: grid; gap: 1rem; }
#live { display: grid; gap: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.25rem;
  min-width: 0; }
.card > :first-child, .hero > div > :first-child { margin-top: 0; }
.card > :last-child, .hero > div > :last-child { margin-bottom: 0; }
.narrow { max-width: 34rem; width: 100%; margin: 0 auto; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: .5rem 0; }
code { font-size: .92em; overflow-wrap: anywhere; }
.hint, small { color: var(--soft); font-size: .9rem; }
small { display: block; }
.hero { display: flex; gap: 1.1rem; align-items: flex-start; }
.hero h1 { margin-bottom: .35rem; }
.lamp { flex: none; width: 1.15rem; height: 1.15rem; border-radius: 50%; margin-top: .38rem;
  background: currentColor; box-shadow: 0 0 0 5px color-mix(in srgb, currentColor 22%, transparent); }
.good .lamp { color: var(--good); } .warn .lamp { color: var(--warn); } .bad .lamp { color: var(--bad); }
section.warn:not(.hero) { border-left: 5px solid var(--warn); }
.problems, .plain { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
.problems li { border-left: 4px solid var(--line); padding: .1rem 0 .1rem .9rem; overflow-wrap: anywhere; }
.problems li.good { border-color: var(--good); } .problems li.warn { border-color: var(--warn); }
.problems li.bad { border-color: var(--bad); }
.problems p { margin: .15rem 0; }
.remedy::before { content: "\\2192\\00a0"; color: var(--accent); font-weight: 700; }
.tag { display: inline-block; background: var(--tag); border-radius: 99px; padding: 0 .6rem;
  font-size: .8rem; color: var(--text); }
.good .tag { color: var(--good); } .warn .tag { color: var(--warn); } .bad .tag { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; margin: 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: .9rem 1.1rem;
  display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tile dt { color: var(--soft); font-size: .9rem; }
.tile dd { margin: 0; font-size: 1.6rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.addresses { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1.25rem; margin: 1rem 0; }
.address { min-width: 0; text-align: center; }
.qr { display: block; width: 100%; max-width: 19rem; height: auto; border-radius: 10px; margin: 0 auto;
  border: 1px solid var(--line); background: #fff; }
.copy { display: flex; gap: .5rem; max-width: 24rem; margin: 0 auto; }
.copy input { flex: 1; min-width: 0; margin: 0; font-family: ui-monospace, monospace; font-size: .85rem; }
.chart { display: block; width: 100%; height: 8rem; margin-top: .75rem; }
.chart .bar { fill: var(--bar); } .chart .today { fill: var(--accent); } .chart .ground { fill: var(--line); }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: .85rem; margin: .1rem 0 .5rem; }
meter { width: 100%; height: 1rem; }
table { border-collapse: collapse; margin-top: .5rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); font-size: .9rem; }
label, legend { display: block; font-weight: 600; margin: .9rem 0 .3rem; padding: 0; }
legend { margin-top: 0; }
input:not([type=radio]):not([type=checkbox]), select { display: block; width: 100%; min-height: 44px; font: inherit;
  padding: .5rem .7rem; color: inherit; background: var(--field); border: 1px solid var(--field-line); border-radius: 9px; }
input:disabled { opacity: .75; border-style: dashed; }
::placeholder { color: var(--soft); opacity: 1; }
input[type=radio], input[type=checkbox] { width: 1.2rem; height: 1.2rem; accent-color: var(--accent); margin: .15rem 0 0; flex: none; }
fieldset { border: 0; margin: 1.4rem 0 0; padding: 0; min-width: 0; }
.choice, .check { display: flex; gap: .7rem; align-items: flex-start; font-weight: 400; margin: .1rem 0; padding: .45rem 0; cursor: pointer; }
button, .button { display: inline-flex; align-items: center; justify-content: center; min-height: 44px; font: inherit;
  font-weight: 600; padding: .5rem 1.1rem; border-radius: 10px; border: 1px solid var(--field-line); cursor: pointer;
  background: var(--card); color: var(--text); text-decoration: none; }
button:hover, .button:hover { background: var(--tag); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--accent-text); }
button.primary:hover { filter: brightness(1.08); background: var(--accent); }
.wide { width: 100%; margin-top: 1.5rem; }
.inline { display: inline; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: 1rem; }
details { margin-top: 1rem; }
summary { cursor: pointer; padding: .5rem 0; min-height: 44px; }
details.section { margin: 0; border-top: 1px solid var(--line); }
details.section > form { padding-bottom: 1.25rem; }
details.section summary small { display: block; margin-left: 1.1rem; }
.field { margin-bottom: 1rem; }
.field label:first-child { margin-bottom: .2rem; }
form > button.primary { margin-top: 1rem; }
.notice, .alert { border-radius: 12px; padding: .8rem 1.1rem; margin: 0; background: var(--card);
  border: 1px solid var(--line); border-left: 5px solid var(--good); }
.alert { border-left-color: var(--bad); margin: 1rem 0; }
.alert p { margin: .2rem 0; white-space: pre-line; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  .top { padding-bottom: 0; } nav { margin: 0 -.4rem; width: calc(100% + .8rem); }
  .card { padding: 1rem; } .hero { gap: .9rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .75rem; }
  nav { justify-content: space-between; gap: 0; }
  nav a, nav button.link { padding: .5rem .3rem; font-size: .85rem; white-space: nowrap; }
}
@media (prefers-reduced-motion: no-preference) { button, .button { transition: background .15s; } }
`;
