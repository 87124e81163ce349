// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './shared/machine.ts';
import { figuresOf, tableOf, writeResults } from './shared/results.ts';
import { JUDGED, LONG, measureSoak, SHORT } from './soak/measure.ts';

/*
 * `npm run soak [-- --quick] [--admissions N] [--warm-up N]
 * [--minutes N] [--out FILE]`: lets the product answer a
 * million reviews over TLS and watches memory, handles and the event loop. Exit code 1 when one of
 * them rises beyond doubt, or an answer failed. A quick run writes to `out/soak`.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    admissions: { type: 'string' },
    minutes: { type: 'string' },
    'warm-up': { type: 'string' },
    out: { type: 'string' },
  },
});

const shipped = values.quick ? SHORT : LONG;
const effort = {
  ...shipped,
  admissions: Number(values.admissions ?? shipped.admissions),
  warmUpAdmissions: Number(values['warm-up'] ?? shipped.warmUpAdmissions),
  limitMinutes: Number(values.minutes ?? shipped.limitMinutes),
};
const file = values.quick ? '../out/soak/soak.json' : 'results/soak.json';
const machine = describeMachine(`npm run soak${values.quick ? ' -- --quick' : ''}`);
const results = await measureSoak(effort, (line) => void process.stderr.write(`${line}\n`));
writeResults(values.out ?? fileURLToPath(new URL(file, import.meta.url)), { machine, ...results });
console.log(tableOf(figuresOf(results)));
const { courses, failed } = results;
for (const name of JUDGED) console.log(`${name}: ${courses[name].verdict}`);
const isRising = JUDGED.some((name) => courses[name].verdict === 'rising');
if (isRising || failed.mean > 0) process.exitCode = 1;
