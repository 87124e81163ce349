// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { integerFlag } from '#cli/command/flags.ts';
import { flagsOrExit, orExit } from './shared/front.ts';
import { fileToWrite } from './shared/input.ts';
import { describeMachine } from './shared/machine.ts';
import { figuresOf, tableOf, writeResults } from './shared/results.ts';
import { JUDGED, LONG, measureSoak, SHORT } from './soak/measure.ts';

/*
 * `npm run soak [-- --quick] [--admissions N] [--warm-up N]
 * [--minutes N] [--out FILE]`: lets the product answer a
 * million reviews over TLS and watches memory, handles and the event loop. Exit code 1 when one of
 * them rises beyond doubt, or an answer failed. A quick run writes to `out/soak`.
 */
const values = flagsOrExit('soak', {
  quick: { type: 'boolean', default: false },
  admissions: { type: 'string' },
  minutes: { type: 'string' },
  'warm-up': { type: 'string' },
  out: { type: 'string' },
});

const shipped = values.quick ? SHORT : LONG;
const whole = (name: string, fallback: number, minimum: number): number =>
  integerFlag(values, name, { default: fallback, minimum, maximum: 1_000_000_000 });
const effort = orExit('soak', () => ({
  ...shipped,
  admissions: whole('admissions', shipped.admissions, 1000),
  warmUpAdmissions: whole('warm-up', shipped.warmUpAdmissions, 0),
  limitMinutes: whole('minutes', shipped.limitMinutes, 1),
}));
const shippedFile = values.quick ? '../out/soak/soak.json' : 'results/soak.json';
const file = orExit('soak', () =>
  fileToWrite('--out', values.out ?? fileURLToPath(new URL(shippedFile, import.meta.url))),
);
const machine = describeMachine(`npm run soak${values.quick ? ' -- --quick' : ''}`);
const results = await measureSoak(effort, (line) => void process.stderr.write(`${line}\n`));
writeResults(file, { machine, ...results });
console.log(tableOf(figuresOf(results)));
const { courses, failed } = results;
for (const name of JUDGED) console.log(`${name}: ${courses[name].verdict}`);
const isRising = JUDGED.some((name) => courses[name].verdict === 'rising');
if (isRising || failed.mean > 0) process.exitCode = 1;
