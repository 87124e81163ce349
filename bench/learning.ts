// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runChildJobs, tell } from '#cli/runs/child-jobs.ts';
import { integerFlag } from '#cli/command/flags.ts';
import { createProgress } from '#cli/terminal/progress.ts';
import { WINDOWS } from './learning/arena.ts';
import { CHANGES } from './learning/change.ts';
import { HINDSIGHT } from './learning/hindsight.ts';
import type { Oracle } from './learning/oracle.ts';
import { comparatorOf, payingName } from './learning/paying.ts';
import { writeLearningPage } from './learning/page.ts';
import { ABLATIONS, FIXED, groundOf, LEARNERS, SETTINGS, SHIPPED } from './learning/plan.ts';
import {
  changeFigures,
  figuresOf,
  type ChangeResults,
  type LearningResults,
  type SettingResults,
} from './learning/results.ts';
import {
  runLearningJob,
  type LearningJob,
  type LearningResult,
  type PolicyRun,
} from './learning/run.ts';
import { renderLearning } from './learning/text.ts';
import { exitOn, flagsOrExit, orExit } from './shared/front.ts';
import {
  fileToWrite,
  folderToWrite,
  jsonFlag,
  ofAnotherVersion,
  resultsFile,
} from './shared/input.ts';

/*
 * What learning is worth: the agent as shipped against schedulers that do not learn, comparators
 * that do, and the best placement of a search with full knowledge. `--quick` is for tests: 2 seeds,
 * two settings, few rollouts. `--page` writes the page of the documentation from the results.
 */

const values = flagsOrExit('bench-learning', {
  out: { type: 'string', default: join('bench', 'results', 'learning.json') },
  from: { type: 'string' },
  page: { type: 'string' },
  seeds: { type: 'string' },
  first: { type: 'string' },
  rollouts: { type: 'string' },
  'ablation-seeds': { type: 'string' },
  quick: { type: 'boolean', default: false },
  job: { type: 'string' },
});

/** Seeds of one process: few enough that all cores have work until the end. */
const SEEDS_PER_JOB = 5;
/** The clusters and applications on which the world changes in mid-run. */
const CHANGED = [
  { application: 'hotel-reservation', cluster: 'mixed' },
  { application: 'online-boutique', cluster: 'mixed' },
] as const;

if (values.job !== undefined) {
  const { job } = values;
  const read = orExit('bench-learning', () => jsonFlag('--job', job) as LearningJob);
  const result = runLearningJob(read, (done, label) =>
    tell<LearningResult>(process.stdout, { kind: 'progress', done, label }),
  );
  tell(process.stdout, { kind: 'result', result });
} else if (values.from !== undefined) {
  const { from, page } = values;
  const { results, folder } = orExit('bench-learning', () => ({
    results: resultsFile<LearningResults>('--from', from, ['seeds', 'settings', 'changes']),
    folder: folderToWrite('--page', page ?? 'docs'),
  }));
  try {
    writeLearningPage(results, folder);
  } catch (error) {
    exitOn('bench-learning', ofAnotherVersion('--from', from, error));
  }
} else {
  await bench();
}

/** What is run: everything, or a little of everything. @throws InputError */
function planOf(quick: boolean) {
  const whole = (name: string, shipped: number, minimum: number): number =>
    integerFlag(values, name, { default: shipped, minimum, maximum: 1_000_000 });
  const count = quick ? 2 : whole('seeds', 20, 2);
  // Whatever was tuned was tuned on other seeds (1 to 64 and those of the tests).
  const first = whole('first', 6001, 0);
  return {
    out: fileToWrite('--out', values.out),
    page: values.page === undefined ? undefined : folderToWrite('--page', values.page),
    seeds: Array.from({ length: count }, (_, i) => first + i),
    settings: quick ? [6, 7] : [...SETTINGS.keys()],
    rollouts: quick ? 12 : whole('rollouts', 300, 2),
    ablationSeeds: quick ? 1 : Math.min(count, whole('ablation-seeds', 5, 1)),
    ablationRollouts: quick ? 6 : 100,
    ablations: ABLATIONS.map(({ name }) => name).slice(0, quick ? 1 : undefined),
    changed: quick ? [] : CHANGED,
    changeSeeds: Math.min(count, 10),
    changeRollouts: [100, 100] as const,
  };
}

async function bench(): Promise<void> {
  const started = performance.now();
  const plan = orExit('bench-learning', () => planOf(values.quick));
  const progress = createProgress(process);
  const run = async (jobs: readonly LearningJob[], from: number, to: number) =>
    runChildJobs<LearningJob, LearningResult>(jobs, {
      processes: availableParallelism(),
      command: [process.argv[1] ?? '', '--job'],
      nameOf: ({ kind, setting }) => `${kind} of setting ${setting}`,
      onProgress: (done, label) => progress.update(from + (to - from) * done, label),
    });
  const grounds = plan.changed.map((one) =>
    SETTINGS.findIndex(
      ({ application, cluster }) => application === one.application && cluster === one.cluster,
    ),
  );
  const worlds = [
    ...plan.settings.map((setting) => ({ setting, change: undefined })),
    ...grounds.flatMap((setting) => [...CHANGES.keys()].map((change) => ({ setting, change }))),
  ];
  const searched = await run(
    worlds.map(({ setting, change }) => ({ kind: 'oracle', setting, change })),
    0,
    0.1,
  );
  const oracleOf = (setting: number, change?: number): Oracle => {
    const at = worlds.findIndex((one) => one.setting === setting && one.change === change);
    const found = searched[at];
    if (found?.kind !== 'oracle') throw new RangeError(`no oracle for setting ${setting}`);
    return found.oracle;
  };
  const jobs: LearningJob[] = [];
  for (const setting of plan.settings) {
    const oracle = oracleOf(setting);
    const { rollouts } = plan;
    for (const seeds of chunks(plan.seeds, SEEDS_PER_JOB)) {
      const policies = [...FIXED, 'oracle', HINDSIGHT, ...LEARNERS, SHIPPED.name];
      jobs.push({ kind: 'policies', setting, policies, seeds, rollouts, oracle });
      if (!isPaid(setting)) continue;
      const paying = [...FIXED, ...LEARNERS].map(payingName);
      jobs.push({ kind: 'policies', setting, policies: paying, seeds, rollouts, oracle });
    }
    jobs.push({
      kind: 'policies',
      setting,
      policies: plan.ablations,
      seeds: plan.seeds.slice(0, plan.ablationSeeds),
      rollouts: plan.ablationRollouts,
      oracle,
    });
  }
  for (const setting of grounds) {
    for (const change of CHANGES.keys()) {
      const oracles = [oracleOf(setting), oracleOf(setting, change)] as const;
      const seeds = plan.seeds.slice(0, plan.changeSeeds);
      jobs.push({ kind: 'change', setting, change, seeds, rollouts: plan.changeRollouts, oracles });
    }
  }
  const found = await run(jobs, 0.1, 1).finally(() => progress.end());
  const runsOf = (wanted: (job: LearningJob) => boolean): PolicyRun[] =>
    found.flatMap((one, i) => {
      const job = jobs[i];
      return one.kind === 'runs' && job !== undefined && wanted(job) ? one.runs : [];
    });
  const results: LearningResults = {
    seeds: plan.seeds,
    rollouts: plan.rollouts,
    windows: WINDOWS,
    durationSeconds: (performance.now() - started) / 1000,
    settings: plan.settings.map((setting): SettingResults => {
      const runs = runsOf((job) => job.kind === 'policies' && job.setting === setting);
      const by = (policy: string): PolicyRun[] => runs.filter((one) => one.policy === policy);
      const ablated = new Set(plan.ablations);
      const oracle = oracleOf(setting);
      const { application = '', cluster = '' } = SETTINGS[setting] ?? {};
      const figures = (some: readonly PolicyRun[]) => figuresOf(some, by('default'), by('oracle'));
      return {
        application,
        cluster,
        load: groundOf({ application, cluster }).load,
        oracle: {
          search: oracle.exhaustive ? 'exhaustive' : 'long search',
          simulated: oracle.simulated,
          assignment: oracle.assignment,
        },
        policies: figures(
          runs.filter(({ policy }) => !ablated.has(policy) && comparatorOf(policy) === undefined),
        ),
        paying: figures(
          runs.flatMap((one) => {
            const policy = comparatorOf(one.policy);
            return policy === undefined ? [] : [{ ...one, policy }];
          }),
        ),
        ablations: figures(runs.filter(({ policy }) => ablated.has(policy))),
      };
    }),
    changes: grounds.flatMap((setting) =>
      [...CHANGES.entries()].map(([change, { name, meaning }]): ChangeResults => {
        const runs = runsOf(
          (job) => job.kind === 'change' && job.setting === setting && job.change === change,
        );
        const { application = '', cluster = '' } = SETTINGS[setting] ?? {};
        const rollouts = plan.changeRollouts;
        return { application, cluster, name, meaning, rollouts, ...changeFigures(runs, rollouts) };
      }),
    ),
  };
  writeFileSync(plan.out, `${JSON.stringify(results, undefined, 2)}\n`);
  process.stdout.write(renderLearning(results));
  process.stdout.write(`\n${plan.out}\n`);
  if (plan.page !== undefined) writeLearningPage(results, plan.page);
}

/** Where comparators are also run with Pods held out: where energy is compared with all of them. */
function isPaid(setting: number): boolean {
  return SETTINGS[setting]?.cluster === 'mixed';
}

function chunks<One>(list: readonly One[], size: number): One[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}
