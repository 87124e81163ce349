// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Figure } from '#cli/runs/figure.ts';
import { flagsOrExit } from './shared/front.ts';
import type { Machine } from './shared/machine.ts';
import { markdownTable } from './shared/markdown.ts';
import { figuresOf, readResults } from './shared/results.ts';
import { sizingTables } from './sizing.ts';

/*
 * Writes the tables of `docs/performance.md` and `docs/how-to/sizing.md` from the committed result
 * files: what stands between the markers of a table is replaced, everything else stays.
 */

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const SIZING = fileURLToPath(new URL('../docs/how-to/sizing.md', import.meta.url));
const RESULTS = fileURLToPath(new URL('results', import.meta.url));

/** Fills the tables of both pages in. */
export function writePage(): void {
  let page = readFileSync(PAGE, 'utf8');
  for (const name of [
    'admission',
    'protocols',
    'scale',
    'control-plane',
    'simulator',
    'soak',
    'footprint',
  ]) {
    const results = readResults(`${RESULTS}/${name}.json`);
    if (results !== undefined) page = filled(page, name, sectionOf(results));
  }
  writeFileSync(PAGE, page);
  writeFileSync(SIZING, sizingPage(readFileSync(SIZING, 'utf8')));
}

/** The page on sizing with the tables of the committed results. @param page as it is */
export function sizingPage(page: string): string {
  const admission = readResults(`${RESULTS}/admission.json`);
  const scale = readResults(`${RESULTS}/scale.json`);
  if (admission === undefined || scale === undefined) return page;
  const tables = Object.entries(sizingTables({ admission, scale }));
  return tables.reduce((text, [name, table]) => filled(text, name, `\n${table}\n`), page);
}

/** The page with another text between the markers of that name. */
function filled(page: string, name: string, text: string): string {
  const marks = new RegExp(`(<!-- ${name}: begin -->\n)[^]*?(<!-- ${name}: end -->)`);
  return page.replace(marks, (_, begin: string, end: string) => begin + text + end);
}

function sectionOf(results: object): string {
  const { machine } = results as { machine?: Machine };
  const where =
    machine === undefined
      ? ''
      : `Measured ${machine.measuredAt.slice(0, 10)} with \`${machine.command}\` on ${machine.cores} cores of ` +
        `${machine.processor}, ${machine.system}, Node.js ${machine.node}; load average before the ` +
        `run ${machine.loadAverage.toFixed(1)}.\n\n`;
  const rows = [...figuresOf(results)].map(([name, figure]) => [`\`${name}\``, ...cellsOf(figure)]);
  const head = ['figure', 'mean', '95 % interval', 'n', 'unit'];
  return `\n${where}${markdownTable(head, rows)}\n`;
}

function cellsOf({ mean, low, high, n, unit }: Figure): string[] {
  const interval = n > 1 ? `${short(low)} to ${short(high)}` : '';
  return [short(mean), interval, String(n), unit];
}

function short(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-GB');
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  flagsOrExit('bench-page', {});
  writePage();
}
