/**
 * Style sheet and icon. They are modules, so that a bundle of the program has
 * them in it.
 *
 * @module
 */

/** A map pin with a lamp in it. */
export const ICON =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1d2b3a"/><path d="M16 4a9 9 0 0 1 9 9c0 6-9 15-9 15S7 19 7 13a9 9 0 0 1 9-9z" fill="#f4b942"/><circle cx="16" cy="13" r="4" fill="#1d2b3a"/></svg>`;

export const STYLE = `
:root {
  --ground: #f4f2ee; --card: #fff; --text: #1c2430; --soft: #565f6b;
  --line: #d9d4ca; --accent: #8a5300; --accent-text: #fff; --field: #fff;
  --field-line: #837b6d; --good: #1d7a46; --warn: #965a00; --bad: #b3261e;
  --bar: #2f8f5b; --part: #d9912a; --tag: #ece8e0; --land: #ddd6c8;
  color-scheme: light;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12171d; --card: #1b222b; --text: #eceff3; --soft: #a9b3bf;
    --line: #323c48; --accent: #f4b942; --accent-text: #1c1300; --field: #12171d;
    --field-line: #77828f; --good: #58cf8d; --warn: #f4b942; --bad: #ff8a80;
    --bar: #3fae74; --part: #d9912a; --tag: #2a333f; --land: #35404d;
    color-scheme: dark;
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
body { margin: 0; background: var(--ground); color: var(--text); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid #f4b942; outline-offset: 2px; border-radius: 4px; }
@media (prefers-color-scheme: light) { :focus-visible { outline-color: #1d5fa8; } }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem 1.5rem;
  max-width: 64rem; margin: 0 auto; padding: .6rem 1rem; }
.brand { display: inline-flex; align-items: center; gap: .6rem; font-weight: 650; font-size: 1.1rem;
  color: inherit; text-decoration: none; overflow-wrap: anywhere; min-height: 44px; }
nav.menu { display: flex; flex-wrap: wrap; gap: .1rem .25rem; margin-left: auto; }
nav.menu a { padding: .55rem .7rem; border-radius: 8px; text-decoration: none; color: var(--soft);
  min-height: 44px; display: inline-flex; align-items: center; }
nav.menu a:hover { color: var(--text); text-decoration: underline; }
nav.menu a[aria-current] { color: var(--text); font-weight: 600; background: var(--card);
  box-shadow: inset 0 0 0 1px var(--line); }
main { max-width: 64rem; margin: 0 auto; padding: .25rem 1rem 2rem; display: grid; gap: 1rem;
  grid-template-columns: minmax(0, 1fr); }
footer { max-width: 64rem; margin: 0 auto; padding: 0 1rem 3rem; color: var(--soft); font-size: .9rem;
  overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.1rem 1.25rem;
  min-width: 0; }
.card > :first-child { margin-top: 0; } .card > :last-child { margin-bottom: 0; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .4rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 1.1rem 0 .3rem; }
p { margin: .5rem 0; }
.lead { color: var(--soft); margin: 0; }
code { font-size: .92em; overflow-wrap: anywhere; }
.hint { color: var(--soft); font-size: .9rem; }
.filters { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 45%), 1fr)); gap: .7rem; align-items: end; }
.filters .wide { grid-column: 1 / -1; }
.filters .end { display: flex; flex-wrap: wrap; gap: .3rem 1rem; justify-content: space-between; align-items: center; }
label { display: block; font-size: .9rem; font-weight: 600; }
label.check { display: flex; gap: .55rem; align-items: center; min-height: 44px; font-weight: 400; font-size: 1rem; }
input:not([type=checkbox]), select { display: block; width: 100%; min-height: 44px; font: inherit; font-weight: 400;
  font-size: 1rem; margin-top: .2rem;
  padding: .45rem .7rem; color: inherit; background: var(--field); border: 1px solid var(--field-line); border-radius: 9px; }
input[type=checkbox] { width: 1.2rem; height: 1.2rem; accent-color: var(--accent); flex: none; margin: 0; }
button, .button { font: inherit; font-weight: 600; min-height: 44px; padding: .5rem 1.1rem; border-radius: 9px;
  border: 1px solid var(--accent); background: var(--accent); color: var(--accent-text); cursor: pointer;
  display: inline-flex; align-items: center; justify-content: center; text-decoration: none; }
.button.quiet { background: none; color: var(--accent); }
details > summary { cursor: pointer; min-height: 44px; display: flex; align-items: center; font-weight: 600; }
details > summary::before { content: "+"; width: 1.3rem; color: var(--accent); font-weight: 700; }
details[open] > summary::before { content: "\\2212"; }
.relays { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem; }
.relays a.name { font-weight: 650; color: var(--text); text-decoration: none; overflow-wrap: anywhere; }
.relays a.name::after { content: ""; position: absolute; inset: 0; border-radius: 14px; }
.relays a.name:focus-visible { outline: none; }
.relays a.name:focus-visible::after { outline: 3px solid #f4b942; outline-offset: 2px; }
.relays a.name:hover { text-decoration: underline; }
.relay { position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .1rem 1rem;
  align-items: center; padding: .8rem 1rem; }
.relay .facts { color: var(--soft); font-size: .9rem; margin: .1rem 0 .25rem; overflow-wrap: anywhere; }
.score { width: 3.3rem; height: 3.3rem; flex: none; }
.score .ring { fill: none; stroke: var(--line); stroke-width: 3.5; }
.score .part { fill: none; stroke: var(--bar); stroke-width: 3.5; stroke-linecap: round; }
.score .part.warn { stroke: var(--part); } .score .part.bad { stroke: var(--bad); }
.score text { fill: var(--text); font-size: 13px; font-weight: 650; text-anchor: middle; }
.tags { display: flex; flex-wrap: wrap; gap: .3rem; margin: 0; padding: 0; list-style: none; }
.tag { background: var(--tag); border-radius: 99px; padding: .05rem .6rem; font-size: .8rem; white-space: nowrap; }
.tag.good { color: var(--good); } .tag.warn { color: var(--warn); } .tag.bad { color: var(--bad); }
.pages { display: flex; flex-wrap: wrap; gap: .6rem; justify-content: space-between; align-items: center; }
.hero { display: flex; gap: 1.1rem; align-items: flex-start; }
.hero .score { width: 4.6rem; height: 4.6rem; }
.hero > div { min-width: 0; } .hero .tags { margin-top: .4rem; }
.problems { list-style: none; margin: 0; padding: 0; display: grid; gap: .8rem; }
.problems li { border-left: 4px solid var(--warn); padding: .05rem 0 .05rem .9rem; overflow-wrap: anywhere; }
.problems p { margin: .1rem 0; }
.remedy::before { content: "\\2192\\00a0"; color: var(--accent); font-weight: 700; }
.addresses { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1.25rem; }
.address { min-width: 0; text-align: center; }
.address h3 { margin-top: 0; }
.qr { display: block; width: 100%; max-width: 17rem; height: auto; border-radius: 10px; margin: 0 auto .6rem;
  border: 1px solid var(--line); background: #fff; }
.copy { display: block; user-select: all; font-family: ui-monospace, monospace; font-size: .82rem; background: var(--ground);
  border-radius: 8px; padding: .5rem .7rem; overflow-wrap: anywhere; text-align: left; }
figure { margin: 0 0 1.1rem; }
figcaption { font-weight: 600; margin-bottom: .3rem; }
.chart { display: block; width: 100%; height: 5rem; }
.chart.low { height: 3.2rem; }
.chart .ground { fill: var(--ground); }
.chart .ok { fill: var(--bar); } .chart .some { fill: var(--part); } .chart .none { fill: var(--bad); }
.chart .nodata { fill: var(--line); }
.chart .line { fill: none; stroke: var(--part); stroke-width: 2; vector-effect: non-scaling-stroke;
  stroke-linejoin: round; stroke-linecap: round; }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: .85rem; margin: .15rem 0 0; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; color: var(--soft); font-size: .85rem; margin: .2rem 0 0; }
.legend .chart { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; vertical-align: -.05rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--line); font-weight: 400;
  vertical-align: top; }
thead th { color: var(--soft); font-size: .9rem; }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
th.number:last-child, td.number:last-child { padding-right: 0; }
dl { display: grid; grid-template-columns: minmax(6.5rem, max-content) minmax(0, 1fr); gap: .3rem 1.2rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.map { display: block; width: 100%; height: auto; }
.map .land { fill: none; stroke: var(--land); stroke-width: 3.4; stroke-linecap: round; }
.map .near { opacity: .55; }
.closer { max-width: 42rem; margin: 0 auto; }
.map .spot { fill: var(--accent); fill-opacity: .85; stroke: var(--card); }
.map a:hover .spot, .map a:focus .spot { fill-opacity: 1; stroke: var(--text); }
.map a:focus { outline: none; }
.map text { fill: var(--accent-text); text-anchor: middle; font-weight: 700; pointer-events: none; }
.places { columns: 14rem; list-style: none; margin: 0; padding: 0; }
.places a { display: flex; justify-content: space-between; gap: 1rem; padding: .45rem 0; min-height: 40px;
  border-bottom: 1px solid var(--line); break-inside: avoid; }
::placeholder { color: var(--soft); opacity: 1; }
@media (max-width: 30rem) {
  .card { padding: 1rem; } .relay { padding: .7rem .8rem; gap: .1rem .8rem; }
  th, td { padding-right: .6rem; }
  h1 { font-size: 1.3rem; } nav.menu { margin-left: -.7rem; }
}
@media (prefers-reduced-motion: no-preference) { .map .spot { transition: fill-opacity .15s; } }
`;
