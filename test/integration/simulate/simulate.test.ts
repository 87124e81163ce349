// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runSimulateJob } from '#cli/simulate/command.ts';
import type { SimulateResults } from '#cli/simulate/results.ts';
import type { ExperimentResults } from '../../../bench/experiment/results.ts';
import type { LearningResults } from '../../../bench/learning/results.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const node = (...args: string[]) =>
  run(process.execPath, args, { cwd: root, maxBuffer: 64 * 2 ** 20 });
const simulate = (...args: string[]) => node('src/main.ts', 'simulate', ...args);

interface Ranged {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly unit: string;
}

function assertFigure(figure: Ranged, n: number): void {
  assert.equal(figure.n, n);
  assert.ok(figure.low <= figure.mean && figure.mean <= figure.high, JSON.stringify(figure));
  assert.ok(figure.unit.length > 0);
}

/** What every policy of the learning benchmark has. */
const FIGURES = [
  'regretAt100',
  'joulesPerRequest',
  'p99',
  'throughput',
  'gapToOracle',
  'sloBreachShare',
] as const;

suite('perihelion simulate', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perihelion-simulate-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('every shipped specification runs', async () => {
    const files = (await readdir(join(root, 'simulations'))).filter((f) => f.endsWith('.yaml'));
    assert.ok(files.length >= 7);
    for (const file of files) {
      const { runs } = runSimulateJob(
        {
          spec: join(root, 'simulations', file),
          seed: 1,
          schedulers: ['default', 'peaks', 'agent'],
          rollouts: 2,
          measured: 1,
          oracle: undefined,
        },
        () => undefined,
      );
      assert.equal(runs.length, 3, file);
      for (const { windows, pending } of runs) {
        assert.equal(pending, 0, file);
        assert.ok(windows[0]!.throughput > 10 && windows[0]!.failedShare === 0, file);
        assert.ok(windows[0]!.joulesPerRequest! > 0, file);
      }
    }
  });

  test('all schedulers, twice the same, with a file and a table', async () => {
    const args = ['--spec', 'simulations/bookinfo-seed.yaml', '--seeds', '2', '--rollouts', '6'];
    const { stdout: table } = await simulate(...args, '--out', folder);
    const file = join(folder, 'results.json');
    const first = JSON.parse(await readFile(file, 'utf8')) as SimulateResults;
    const { stdout: json } = await simulate(...args, '--output', 'json');
    const second = JSON.parse(json) as SimulateResults;
    assert.deepEqual(second.schedulers, first.schedulers);
    const names = Object.keys(first.schedulers);
    assert.equal(names.length, 14);
    for (const name of names) assert.match(table, new RegExp(`^${name} `, 'm'));
    assert.deepEqual(Object.keys(first.oracle ?? {}).length, 6);
  });

  test('the experiment writes what its reports are made of', async () => {
    await node('bench/experiment.ts', '--quick', '--out', folder);
    const results = JSON.parse(
      await readFile(join(folder, 'results.json'), 'utf8'),
    ) as ExperimentResults;
    assert.deepEqual(
      results.steps.map(({ threads, connections }) => [threads, connections]),
      [
        [2, 20],
        [16, 160],
      ],
    );
    for (const { scenarios } of results.steps) {
      for (const scenario of ['default', 'split', 'data-pinned', 'best-cut', 'agent'] as const) {
        for (const name of ['throughput', 'p50', 'p99', 'joulesPerRequest', 'podWatts'] as const) {
          assertFigure(scenarios[scenario][name], 2);
        }
      }
      // All of the business on one worker cannot be hidden by any seed.
      assert.ok(scenarios.split.throughput.mean < scenarios['best-cut'].throughput.mean);
    }
    assert.deepEqual(
      results.sizes.map(({ records, threads }) => [records, threads]),
      [
        [10_000, 2],
        [10_000, 16],
      ],
    );
    assert.equal(results.sensitivity.length, 3);
    assert.equal(results.reference.power.split.length, 5);
    assert.equal(results.reference.placements.split['frontend']?.['worker-2'], 1);
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    assert.match(page, /^<!doctype html>/);
    // The same results give the same report.
    await node('bench/experiment.ts', '--from', join(folder, 'results.json'), '--out', folder);
    assert.equal(await readFile(join(folder, 'report.html'), 'utf8'), page);
  });

  test('the learning benchmark writes every policy of every setting, and its page', async () => {
    const file = join(folder, 'learning.json');
    await node('bench/learning.ts', '--quick', '--out', file, '--page', folder);
    const results = JSON.parse(await readFile(file, 'utf8')) as LearningResults;
    assert.deepEqual(
      results.settings.map(({ application, cluster }) => `${application} on ${cluster}`),
      ['bookinfo on seed', 'bookinfo on mixed'],
    );
    for (const { policies, paying, ablations, cluster, oracle } of results.settings) {
      assert.equal(Object.keys(policies).length, 14);
      assert.equal(Object.keys(paying).length, cluster === 'mixed' ? 11 : 0);
      assert.deepEqual(Object.keys(ablations), ['agent-gamma-0']);
      // The oracle is measured against itself, in the very windows that it was found in.
      assert.ok(Math.abs(policies['oracle']!.gapToOracle.mean) < 1e-9);
      assert.ok(oracle.search === 'long search' || oracle.simulated >= 64);
      for (const figures of [...Object.values(policies), ...Object.values(paying)]) {
        for (const name of FIGURES) assertFigure(figures[name], 2);
        assert.ok(figures.gapToOracle.mean > -0.02, 'nothing is better than the oracle');
      }
      assert.equal(policies['agent']!.learning!.length, 2);
      assert.equal(policies['default']!.learning, undefined);
    }
    const page = await readFile(join(folder, 'explanation', 'bench-learning.md'), 'utf8');
    assert.match(page, /regret after 100 rollouts: \d of 2/);
    await readFile(join(folder, 'explanation', 'bench-learning-bookinfo-seed.svg'), 'utf8');
    // The same results give the same page.
    const again = join(folder, 'again');
    await node('bench/learning.ts', '--from', file, '--page', again);
    const second = await readFile(join(again, 'explanation', 'bench-learning.md'), 'utf8');
    assert.equal(second, page);
  });
});
