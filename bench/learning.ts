// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChildJobs, tell } from '#cli/child-jobs.ts';
import { figureOf, type Figure } from '#cli/figure.ts';
import { createProgress } from '#cli/progress.ts';
import { renderTable } from '#cli/table.ts';
import { SETTINGS } from './learning/plan.ts';
import {
  runLearningJob,
  type LearningJob,
  type LearningResult,
  type PolicyRun,
} from './learning/run.ts';

/*
 * What learning is worth: the agent as shipped, agents that lack one part, other ways to explore,
 * schedulers that do not learn, and the best placement of a search with full knowledge. `--quick`
 * is for tests: 2 seeds, two settings, few rollouts.
 */

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join('bench', 'results', 'learning.json') },
    seeds: { type: 'string', default: '8' },
    quick: { type: 'boolean', default: false },
    job: { type: 'string' },
  },
});

/** First evaluation seed. Defaults were chosen on other seeds (1 to 64 and those of the tests). */
const FIRST_SEED = 6001;

if (values.job === undefined) await bench();
else {
  const result = runLearningJob(JSON.parse(values.job) as LearningJob, (done, label) =>
    tell<LearningResult>(process.stdout, { kind: 'progress', done, label }),
  );
  tell(process.stdout, { kind: 'result', result });
}

async function bench(): Promise<void> {
  const { quick, out } = values;
  const seeds = Array.from({ length: quick ? 2 : Number(values.seeds) }, (_, i) => FIRST_SEED + i);
  const rollouts = quick ? 10 : 100;
  const measured = quick ? 2 : 10;
  const numbers = [...SETTINGS.keys()].filter((setting) => !quick || setting < 2);
  const progress = createProgress(process);
  const run = async (jobs: readonly LearningJob[], from: number, to: number) =>
    runChildJobs<LearningJob, LearningResult>(jobs, {
      processes: availableParallelism(),
      command: [process.argv[1] ?? '', '--job'],
      nameOf: ({ kind, setting }) => `${kind} of setting ${setting}`,
      onProgress: (done, label) => progress.update(from + (to - from) * done, label),
    });
  const searched = await run(
    numbers.map((setting) => ({ kind: 'oracle', setting })),
    0,
    0.05,
  );
  const jobs = numbers.flatMap((setting, i) => {
    const found = searched[i];
    const oracle = found?.kind === 'oracle' ? found.oracle : {};
    return seeds.map((seed): LearningJob => {
      return { kind: 'seed', setting, seed, rollouts, measured, oracle };
    });
  });
  const results = await run(jobs, 0.05, 1).finally(() => progress.end());
  const summary = {
    seeds,
    rollouts,
    measured,
    settings: numbers.map((setting) => {
      const { application, cluster, load } = SETTINGS[setting] ?? {};
      const runs = results.flatMap((one) =>
        one.kind === 'seed' && one.setting === setting ? one.runs : [],
      );
      return { application, cluster, load, policies: policiesOf(runs) };
    }),
  };
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(summary, undefined, 2)}\n`);
  for (const { application, cluster, load, policies } of summary.settings) {
    process.stdout.write(`\n${String(application)} on ${String(cluster)}, ${String(load)}\n`);
    process.stdout.write(tableOf(policies));
  }
  process.stdout.write(`\n${out}\n`);
}

interface PolicyFigures {
  readonly regretAt100: Figure;
  readonly joulesPerRequest: Figure;
  readonly p99: Figure;
  readonly gapToOracle: Figure;
  readonly sloBreachShare: Figure;
  /** Gap to the oracle in each tenth of the learning rollouts; only where something is learned. */
  readonly learning?: readonly Figure[];
}

function policiesOf(runs: readonly PolicyRun[]): Record<string, PolicyFigures> {
  const names = [...new Set(runs.map(({ policy }) => policy))];
  return Object.fromEntries(
    names.map((name): [string, PolicyFigures] => {
      const own = runs.filter(({ policy }) => policy === name);
      const of = (pick: (one: PolicyRun) => number, unit: string): Figure =>
        figureOf(own.map(pick), unit);
      const tenths = Math.min(...own.map(({ learning }) => learning.length));
      return [
        name,
        {
          regretAt100: of((one) => one.regretAt100, 'cost'),
          joulesPerRequest: of((one) => one.joulesPerRequest, 'joules'),
          p99: of((one) => one.p99, 'milliseconds'),
          gapToOracle: of((one) => one.gapToOracle, 'cost'),
          sloBreachShare: of((one) => one.sloBreachShare, 'ratio'),
          ...(tenths === 0
            ? {}
            : {
                learning: Array.from({ length: tenths }, (_, tenth) =>
                  of((one) => one.learning[tenth] ?? NaN, 'cost'),
                ),
              }),
        },
      ];
    }),
  );
}

function tableOf(policies: Readonly<Record<string, PolicyFigures>>): string {
  const spread = ({ mean, high }: Figure, digits: number): string =>
    `${mean.toFixed(digits)} ± ${(high - mean).toFixed(digits)}`;
  const header = ['', 'regret at 100', 'gap to oracle', 'joules/request', 'p99 ms', 'SLO missed'];
  const rows = Object.entries(policies).map(([name, one]) => [
    name,
    spread(one.regretAt100, 1),
    spread(one.gapToOracle, 3),
    spread(one.joulesPerRequest, 4),
    spread(one.p99, 1),
    spread(one.sloBreachShare, 2),
  ]);
  return renderTable(header, rows);
}
