// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { integerFlag } from '#cli/command/flags.ts';
import { runChildJobs, tell } from '#cli/runs/child-jobs.ts';
import { createProgress } from '#cli/terminal/progress.ts';
import { writeHtml } from './experiment/html.ts';
import { writePage } from './experiment/page.ts';
import { experimentResults, type ExperimentResults } from './experiment/results.ts';
import {
  FULL,
  QUICK,
  runExperimentJob,
  type ExperimentJob,
  type ExperimentResult,
} from './experiment/run.ts';
import { exitOn, flagsOrExit, orExit } from './shared/front.ts';
import { folderToWrite, jsonFlag, ofAnotherVersion, resultsFile } from './shared/input.ts';

/*
 * The experiment that Perihelion follows, repeated on the simulator: three machines,
 * hotelReservation, wrk with 2 to 128 threads of ten connections, 60 virtual seconds each, input
 * sizes of 2,000 to 10,000. Writes results.json and report.html, and with --page the page
 * docs/explanation/experiment.md from the same results. `--quick` is for tests: 2 seeds, few steps.
 * `--from FILE` writes the reports anew from a result file.
 */

const values = flagsOrExit('experiment', {
  out: { type: 'string', default: join('out', 'experiment') },
  seeds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
  from: { type: 'string' },
  job: { type: 'string' },
});

/** First seed of the evaluation; nothing was ever chosen by looking at these seeds. */
const FIRST_SEED = 5001;
const DEFAULT_SEEDS = 10;

if (values.job !== undefined) {
  const { job } = values;
  const read = orExit('experiment', () => jsonFlag('--job', job) as ExperimentJob);
  const result = runExperimentJob(read, (done, label) =>
    tell<ExperimentResult>(process.stdout, { kind: 'progress', done, label }),
  );
  tell(process.stdout, { kind: 'result', result });
} else {
  await main();
}

async function main(): Promise<void> {
  const { from } = values;
  const out = orExit('experiment', () => folderToWrite('--out', values.out));
  const results = from === undefined ? await experiment() : orExit('experiment', () => past(from));
  try {
    await report(results, out);
  } catch (error) {
    exitOn('experiment', from === undefined ? error : ofAnotherVersion('--from', from, error));
  }
}

/** Writes the results first: whatever happens to the reports, they were dear. */
async function report(results: ExperimentResults, out: string): Promise<void> {
  const file = join(out, 'results.json');
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  process.stdout.write(`${file}\n${writeHtml(results, out)}\n`);
  if (values.page) process.stdout.write(`${await writePage(results)}\n`);
}

/** Results of a run of before. @throws InputError */
function past(path: string): ExperimentResults {
  const fields = ['effort', 'steps', 'sizes', 'sensitivity', 'reference', 'orders'] as const;
  return resultsFile<ExperimentResults>('--from', path, fields);
}

async function experiment(): Promise<ExperimentResults> {
  const shipped = { default: values.quick ? 2 : DEFAULT_SEEDS, minimum: 2, maximum: 1000 };
  const seeds = orExit('experiment', () => integerFlag(values, 'seeds', shipped));
  const effort = values.quick ? QUICK : FULL;
  const job = (part: ExperimentJob['part'], seed: number): ExperimentJob => ({
    part,
    seed,
    effort,
  });
  const jobs = [
    job('orders', 0),
    // The longest ones first, so that no core is left alone with one of them at the end.
    ...(['sizes', 'sensitivity', 'steps'] as const).flatMap((part) =>
      Array.from({ length: seeds }, (_, i) => job(part, FIRST_SEED + i)),
    ),
  ];
  const progress = createProgress(process);
  const results = await runChildJobs<ExperimentJob, ExperimentResult>(jobs, {
    processes: availableParallelism(),
    command: [process.argv[1] ?? '', '--job'],
    nameOf: ({ part, seed }) => `${part}, seed ${seed}`,
    onProgress: (done, label) => progress.update(done, label),
  }).finally(() => progress.end());
  return experimentResults(results, effort);
}
