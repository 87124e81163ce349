// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import { availableParallelism } from 'node:os';
import { runChildJobs, tell } from '#cli/runs/child-jobs.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag, integerFlag, textFlag } from '#cli/command/flags.ts';
import { OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { createProgress } from '#cli/terminal/progress.ts';
import { makeResultFolder, writeResults } from '#cli/runs/result-folder.ts';
import {
  SCHEDULERS,
  TEMPLATE_PREFIX,
  type SchedulerRun,
  type SimulateJob,
  type SimulateJobResult,
} from './job.ts';
import { searchOracle } from './oracle.ts';
import { renderSimulation, simulateResults } from './results.ts';
import { referenceJudge, runAgent, runStatic } from './run.ts';
import { readSpecification } from './read-specification.ts';
import type { Specification } from './specification.ts';
import { worldOf } from './world.ts';

const DEFAULT_SEEDS = 4;
const FIRST_SEED = 1;

/** `perihelion simulate`: an application of your own under schedulers of your choice. */
export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'Simulate an application on a cluster under several schedulers, the agent among them.',
  flags: {
    spec: {
      type: 'string',
      placeholder: 'FILE',
      help: 'Specification (YAML); examples are in simulations/.',
    },
    schedulers: {
      type: 'string',
      placeholder: 'A,B,...',
      help: `Of ${SCHEDULERS.join(', ')}, and ${TEMPLATE_PREFIX}NAME (default all).`,
    },
    seeds: { type: 'string', placeholder: 'N', help: 'Seeds, 1 to 64 (default 4).' },
    seed: { type: 'string', placeholder: 'N', help: 'First seed (default 1).' },
    rollouts: {
      type: 'string',
      placeholder: 'N',
      help: 'Rollouts that the agent learns from (default as in the specification).',
    },
    ...OUTPUT_FLAG,
    out: { type: 'string', placeholder: 'DIR', help: 'Also write DIR/results.json.' },
    job: { type: 'string', placeholder: 'JSON', internal: true, help: 'Run one seed.' },
  },
  examples: [
    'perihelion simulate --spec simulations/bookinfo-seed.yaml',
    'perihelion simulate --spec my-shop.yaml --schedulers default,peaks,agent --seeds 8 --output json',
  ],
  run: simulate,
};

async function simulate(flags: FlagValues, terminal: Terminal): Promise<number> {
  const job = textFlag(flags, 'job');
  if (job !== undefined) {
    const result = runSimulateJob(JSON.parse(job) as SimulateJob, (done, label) =>
      tell<SimulateJobResult>(terminal.stdout, { kind: 'progress', done, label }),
    );
    tell(terminal.stdout, { kind: 'result', result });
    return 0;
  }
  const spec = textFlag(flags, 'spec');
  if (spec === undefined) {
    throw new InputError('PERI_SETTINGS_INVALID', '--spec', undefined, 'a file');
  }
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const specification = readSpecification(spec);
  const { times } = specification.rest;
  const schedulers = schedulersOf(textFlag(flags, 'schedulers'), specification);
  const seeds = integerFlag(flags, 'seeds', { default: DEFAULT_SEEDS, minimum: 1, maximum: 64 });
  const first = integerFlag(flags, 'seed', { default: FIRST_SEED, minimum: 0, maximum: 700_000 });
  const rollouts = integerFlag(flags, 'rollouts', {
    default: times.rollouts,
    minimum: 0,
    maximum: 10_000,
  });
  const folder = textFlag(flags, 'out');
  if (folder !== undefined) makeResultFolder(folder);
  const started = performance.now();
  const progress = createProgress(terminal);
  const searching = schedulers.includes('oracle');
  progress.update(0, searching ? 'search for the oracle' : 'start');
  const oracle = searching
    ? searchOracle(worldOf(specification), specification.rest.cpuScale)
    : undefined;
  const { measured } = times;
  const jobs = Array.from({ length: seeds }, (_, i): SimulateJob => {
    return { spec, seed: first + i, schedulers, rollouts, measured, oracle };
  });
  const results = await runChildJobs<SimulateJob, SimulateJobResult>(jobs, {
    processes: availableParallelism(),
    command: [process.argv[1] ?? '', 'simulate', '--job'],
    nameOf: ({ seed }) => `seed ${seed}`,
    onProgress: (done, label) => progress.update(done, label),
  }).finally(() => progress.end());
  const summary = simulateResults(results, {
    specification: specification.rest.name,
    rollouts,
    measured,
    durationSeconds: (performance.now() - started) / 1000,
    oracle,
  });
  const text = `${JSON.stringify(summary, undefined, 2)}\n`;
  // The file comes last: where it cannot be written, the results are not lost.
  terminal.stdout.write(format === 'json' ? text : renderSimulation(summary));
  if (folder !== undefined) writeResults(folder, text);
  return 0;
}

/** The names asked for, or all that the specification allows. @throws InputError */
function schedulersOf(text: string | undefined, { rest }: Specification): string[] {
  const known: string[] = [
    ...SCHEDULERS,
    ...Object.keys(rest.templates).map((name) => `${TEMPLATE_PREFIX}${name}`),
  ];
  if (text === undefined) return known;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const expected = `names of ${known.join(', ')}`;
    throw new InputError('PERI_SETTINGS_INVALID', '--schedulers', unknown, expected);
  }
  return [...new Set(names)];
}

/** Runs every scheduler under one seed. */
export function runSimulateJob(
  job: SimulateJob,
  onProgress: (done: number, label: string) => void,
): SimulateJobResult {
  const world = worldOf(readSpecification(job.spec));
  const judge = referenceJudge(world);
  const { seed, measured, rollouts, oracle } = job;
  const runs = job.schedulers.map((name, i): SchedulerRun => {
    const label = `seed ${seed}: ${name}`;
    onProgress(i / job.schedulers.length, label);
    if (name !== 'agent')
      return runStatic(world, name, { seed, judge, rollouts, measured, oracle });
    return runAgent(world, name, {
      seed,
      judge,
      measured,
      rollouts,
      agent: { policy: world.policy, centred: true },
      onRollout: (done) => onProgress((i + done) / job.schedulers.length, label),
    });
  });
  return { seed, runs };
}
