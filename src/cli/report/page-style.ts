// SPDX-License-Identifier: Apache-2.0

/** The style sheet of the page. Colours keep a contrast of 4.5 : 1 in both schemes. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1c2127; --soft: #565f6b; --line: #d5dae0; --head: #f3f5f7;
  --good: #106b3a; --bad: #b3261e; --unclear: #6b5300; --focus: #1f5fbf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181d; --ink: #e6e9ed; --soft: #a3adb9; --line: #39424d; --head: #1d232a;
    --good: #6cd39b; --bad: #ff9a90; --unclear: #e2c15c; --focus: #8ab8ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
.soft { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); } .unclear { color: var(--unclear); }
a { color: var(--focus); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; } .skip:focus { position: static; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
thead th { background: var(--head); white-space: nowrap; }
td.number { text-align: right; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
summary { cursor: pointer; padding: .35rem 0; }
.plot { display: block; max-width: none; }
.plot .zero { stroke: var(--soft); stroke-dasharray: 2 2; }
.plot .range { stroke: currentColor; stroke-width: 2; fill: none; }
.plot .mean { fill: currentColor; }
h4 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
figure { margin: .5rem 0 1rem; } figcaption { color: var(--soft); }
.time { display: block; max-width: 100%; height: auto; }
.time text { fill: var(--soft); font-size: 11px; }
.time .grid { stroke: var(--line); }
.time path { fill: none; stroke-width: 1.5; }
.time path.placed { stroke: var(--focus); } .time circle.placed { fill: var(--focus); }
.time path.left { stroke: var(--unclear); stroke-dasharray: 5 3; }
.time circle.left { fill: var(--unclear); }
.key { border-bottom: 2px solid; } .key.placed { border-color: var(--focus); }
.key.left { border-bottom-style: dashed; border-color: var(--unclear); }
@media print { body { max-width: none; padding: 0; } .skip { display: none; } }
`;
