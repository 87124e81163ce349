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
    assert.equal(names.length, 12);
    for (const name of names) assert.match(table, new RegExp(`^${name} `, 'm'));
    assert.deepEqual(Object.keys(first.oracle ?? {}).length, 6);
  });

  test('the experiment writes what its page is made of', async () => {
    await node('bench/experiment.ts', '--quick', '--out', folder);
    const results = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')) as {
      readonly steps: readonly {
        readonly connections: number;
        readonly scenarios: Readonly<Record<string, Readonly<Record<string, Ranged>>>>;
        readonly statements: Readonly<Record<string, string>>;
      }[];
      readonly sensitivity: readonly { readonly factor: string; readonly value: string }[];
    };
    assert.deepEqual(
      results.steps.map(({ connections }) => connections),
      [20, 160],
    );
    for (const { scenarios } of results.steps) {
      for (const scenario of ['default', 'split', 'data-pinned', 'best-cut', 'agent']) {
        for (const name of ['throughput', 'p50', 'p99', 'joulesPerRequest']) {
          assertFigure(scenarios[scenario]![name]!, 2);
        }
      }
      // All of the business on one worker cannot be hidden by any seed.
      assert.ok(
        scenarios['split']!['throughput']!.mean < scenarios['best-cut']!['throughput']!.mean,
      );
    }
    assert.equal(results.sensitivity.length, 3);
  });

  test('the learning benchmark writes every policy of every setting', async () => {
    const file = join(folder, 'learning.json');
    await node('bench/learning.ts', '--quick', '--out', file);
    const { settings } = JSON.parse(await readFile(file, 'utf8')) as {
      readonly settings: readonly {
        readonly application: string;
        readonly cluster: string;
        readonly policies: Readonly<Record<string, Readonly<Record<string, Ranged>>>>;
      }[];
    };
    assert.equal(settings.length, 2);
    for (const { application, cluster, policies } of settings) {
      assert.equal(`${application} on ${cluster}`, 'hotel-reservation on seed');
      assert.equal(Object.keys(policies).length, 15);
      assert.equal(policies['oracle']!['gapToOracle']!.mean, 0);
      for (const figures of Object.values(policies)) {
        for (const name of [
          'regretAt100',
          'joulesPerRequest',
          'p99',
          'gapToOracle',
          'sloBreachShare',
        ]) {
          assertFigure(figures[name]!, 2);
        }
      }
    }
  });
});
