// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChildJobs, tell } from '#cli/child-jobs.ts';
import { createProgress } from '#cli/progress.ts';
import { writePage } from './experiment/page.ts';
import { VARIANTS } from './experiment/plan.ts';
import { experimentResults } from './experiment/results.ts';
import {
  ALL_CONNECTIONS,
  runExperimentJob,
  type ExperimentJob,
  type ExperimentResult,
} from './experiment/run.ts';

/*
 * The experiment that Perihelion follows, repeated on the simulator: three machines,
 * hotelReservation, wrk with 20 to 1280 connections. Writes results.json, and with --page the page
 * docs/explanation/experiment.md from it. `--quick` is for tests: 2 seeds, few steps.
 */

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join('out', 'experiment') },
    seeds: { type: 'string', default: '8' },
    quick: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    job: { type: 'string' },
  },
});

/** First seed of the evaluation; nothing was ever chosen by looking at these seeds. */
const FIRST_SEED = 5001;

if (values.job === undefined) await experiment();
else {
  const result = runExperimentJob(JSON.parse(values.job) as ExperimentJob, (done, label) =>
    tell<ExperimentResult>(process.stdout, { kind: 'progress', done, label }),
  );
  tell(process.stdout, { kind: 'result', result });
}

async function experiment(): Promise<void> {
  const { quick, out } = values;
  const seeds = quick ? 2 : Number(values.seeds);
  const connections = quick ? [20, 160] : ALL_CONNECTIONS;
  const rollouts = quick ? { steps: 8, sensitivity: 4 } : { steps: 60, sensitivity: 40 };
  const measured = quick ? 2 : 4;
  const variants = quick ? 3 : VARIANTS.length;
  const jobs = Array.from({ length: seeds }, (_, i) => FIRST_SEED + i).flatMap((seed) =>
    (['steps', 'sensitivity'] as const).map((part): ExperimentJob => {
      return { part, seed, connections, variants, rollouts: rollouts[part], measured };
    }),
  );
  const progress = createProgress(process);
  const results = await runChildJobs<ExperimentJob, ExperimentResult>(jobs, {
    processes: availableParallelism(),
    command: [process.argv[1] ?? '', '--job'],
    nameOf: ({ part, seed }) => `${part}, seed ${seed}`,
    onProgress: (done, label) => progress.update(done, label),
  }).finally(() => progress.end());
  const summary = experimentResults(results, { rollouts, measured, connections, variants });
  mkdirSync(out, { recursive: true });
  const file = join(out, 'results.json');
  writeFileSync(file, `${JSON.stringify(summary, undefined, 2)}\n`);
  process.stdout.write(`${file}\n`);
  if (values.page) process.stdout.write(`${await writePage(summary)}\n`);
}
