// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChildJobs, tell } from '#cli/child-jobs.ts';
import { createProgress } from '#cli/progress.ts';
import { accountingPage } from './accounting/page.ts';
import { WEIGHTINGS, WORLDS, type WorldName } from './accounting/plan.ts';
import {
  worldFigures,
  type AccountingResults,
  type AccountingWorld,
} from './accounting/results.ts';
import { runWorld } from './accounting/run.ts';
import { readResults, writeResults } from './shared/results.ts';

/*
 * Whose energy: the agent as shipped under the three accountings, where nodes differ in load. One
 * process for each world. `--page` writes the page of the documentation into a folder; `--from`
 * does only that, from a result file.
 */

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join('bench', 'results', 'accounting.json') },
    from: { type: 'string' },
    page: { type: 'string' },
    // Whatever was tuned was tuned on other seeds.
    seeds: { type: 'string', default: '20' },
    first: { type: 'string', default: '6001' },
    rollouts: { type: 'string', default: '150' },
    last: { type: 'string', default: '50' },
    processes: { type: 'string' },
    job: { type: 'string' },
  },
});

interface Job {
  readonly world: WorldName;
  readonly seeds: readonly number[];
  readonly rollouts: number;
  readonly last: number;
}

if (values.job !== undefined) {
  const { world, ...effort } = JSON.parse(values.job) as Job;
  const runs = runWorld(world, {
    ...effort,
    weightings: WEIGHTINGS.map(({ name }) => name),
    onProgress: (done, label) =>
      tell<AccountingWorld>(process.stdout, { kind: 'progress', done, label }),
  });
  tell(process.stdout, { kind: 'result', result: worldFigures(world, runs) });
} else {
  const results =
    values.from === undefined ? await bench() : (readResults(values.from) as AccountingResults);
  if (values.page !== undefined) {
    const folder = join(values.page, 'explanation');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'accounting.md'), accountingPage(results));
  }
}

async function bench(): Promise<AccountingResults> {
  const first = Number(values.first);
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => first + i);
  const effort = { seeds, rollouts: Number(values.rollouts), last: Number(values.last) };
  const progress = createProgress(process);
  const worlds = await runChildJobs<Job, AccountingWorld>(
    WORLDS.map((world) => ({ world, ...effort })),
    {
      processes: Number(values.processes ?? availableParallelism()),
      command: [process.argv[1] ?? '', '--job'],
      nameOf: ({ world }) => world,
      onProgress: (done, label) => progress.update(done, label),
    },
  ).finally(() => progress.end());
  mkdirSync(dirname(values.out), { recursive: true });
  writeResults(values.out, { ...effort, worlds });
  process.stdout.write(`${values.out}\n`);
  return readResults(values.out) as AccountingResults;
}
