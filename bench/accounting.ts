// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runChildJobs, tell } from '#cli/runs/child-jobs.ts';
import { integerFlag } from '#cli/command/flags.ts';
import { createProgress } from '#cli/terminal/progress.ts';
import { accountingPage } from './accounting/page.ts';
import { WEIGHTINGS, WORLDS, type WorldName } from './accounting/plan.ts';
import {
  worldFigures,
  type AccountingResults,
  type AccountingWorld,
} from './accounting/results.ts';
import { runWorld } from './accounting/run.ts';
import { flagsOrExit, orExit } from './shared/front.ts';
import {
  fileToWrite,
  folderToWrite,
  jsonFlag,
  ofAnotherVersion,
  resultsFile,
} from './shared/input.ts';
import { readResults, writeResults } from './shared/results.ts';

/*
 * Whose energy: the agent as shipped under the three accountings, where nodes differ in load. One
 * process for each world. `--page` writes the page of the documentation into a folder; `--from`
 * does only that, from a result file.
 */

const values = flagsOrExit('bench-accounting', {
  out: { type: 'string', default: join('bench', 'results', 'accounting.json') },
  from: { type: 'string' },
  page: { type: 'string' },
  seeds: { type: 'string' },
  first: { type: 'string' },
  rollouts: { type: 'string' },
  last: { type: 'string' },
  processes: { type: 'string' },
  job: { type: 'string' },
});

interface Job {
  readonly world: WorldName;
  readonly seeds: readonly number[];
  readonly rollouts: number;
  readonly last: number;
}

if (values.job !== undefined) {
  const { job } = values;
  const { world, ...effort } = orExit('bench-accounting', () => jsonFlag('--job', job) as Job);
  const runs = runWorld(world, {
    ...effort,
    weightings: WEIGHTINGS.map(({ name }) => name),
    onProgress: (done, label) =>
      tell<AccountingWorld>(process.stdout, { kind: 'progress', done, label }),
  });
  tell(process.stdout, { kind: 'result', result: worldFigures(world, runs) });
} else {
  const { from, page } = values;
  const folder = orExit('bench-accounting', () =>
    page === undefined ? undefined : folderToWrite('--page', join(page, 'explanation')),
  );
  const results = from === undefined ? await bench() : orExit('bench-accounting', () => past(from));
  if (folder !== undefined) {
    const page = orExit('bench-accounting', () => pageOf(results));
    writeFileSync(join(folder, 'accounting.md'), page);
  }
}

/** Results of a run of before. @throws InputError */
function past(path: string): AccountingResults {
  return resultsFile<AccountingResults>('--from', path, ['seeds', 'rollouts', 'last', 'worlds']);
}

/** @throws InputError where the results are those of another version */
function pageOf(results: AccountingResults): string {
  try {
    return accountingPage(results);
  } catch (error) {
    throw values.from === undefined ? error : ofAnotherVersion('--from', values.from, error);
  }
}

/** How much is run. @throws InputError */
function effortOf() {
  const whole = (name: string, shipped: number, minimum: number): number =>
    integerFlag(values, name, { default: shipped, minimum, maximum: 1_000_000 });
  // Whatever was tuned was tuned on other seeds.
  const first = whole('first', 6001, 0);
  const rollouts = whole('rollouts', 150, 2);
  return {
    out: fileToWrite('--out', values.out),
    seeds: Array.from({ length: whole('seeds', 20, 2) }, (_, i) => first + i),
    rollouts,
    last: integerFlag(values, 'last', { default: 50, minimum: 1, maximum: rollouts }),
    processes: whole('processes', availableParallelism(), 1),
  };
}

async function bench(): Promise<AccountingResults> {
  const { processes, out, ...effort } = orExit('bench-accounting', effortOf);
  const progress = createProgress(process);
  const worlds = await runChildJobs<Job, AccountingWorld>(
    WORLDS.map((world) => ({ world, ...effort })),
    {
      processes,
      command: [process.argv[1] ?? '', '--job'],
      nameOf: ({ world }) => world,
      onProgress: (done, label) => progress.update(done, label),
    },
  ).finally(() => progress.end());
  writeResults(out, { ...effort, worlds });
  process.stdout.write(`${out}\n`);
  return readResults(out) as AccountingResults;
}
