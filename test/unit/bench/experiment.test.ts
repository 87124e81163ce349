// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { demandOf } from '#cli/simulate/demand.ts';
import { applicationOf, worldOf } from '#cli/simulate/world.ts';
import { htmlReport } from '../../../bench/experiment/html.ts';
import { missShares, withInputSize } from '../../../bench/experiment/input-size.ts';
import { orderFigures } from '../../../bench/experiment/orders.ts';
import { markdown } from '../../../bench/experiment/page.ts';
import {
  baseSpecification,
  orderOf,
  REFERENCE_THREADS,
  SCENARIOS,
  VARIANTS,
  type Scenario,
} from '../../../bench/experiment/plan.ts';
import { reportOf } from '../../../bench/experiment/report.ts';
import { experimentResults } from '../../../bench/experiment/results.ts';
import {
  QUICK,
  type Effort,
  type ExperimentResult,
  type Point,
} from '../../../bench/experiment/run.ts';

suite('input size', () => {
  const base = baseSpecification();

  test("upstream's is the base case", () => {
    assert.equal(withInputSize(base, 80), base);
  });

  for (const records of [2000, 10_000]) {
    test(`with ${records} hotels each is read from MongoDB once in a minute`, () => {
      const specification = withInputSize(base, records);
      const application = applicationOf(specification.application);
      worldOf(specification);
      const shares = application.requests.reduce((sum, { share }) => sum + share, 0);
      assert.ok(Math.abs(shares - 1) < 1e-9);
      const { cpuSeconds } = demandOf(application, 1);
      for (const store of ['mongodb-rate', 'mongodb-profile']) {
        const finds = ((cpuSeconds[store] ?? 0) * 1190 * 60) / 0.078e-3;
        assert.ok(Math.abs(finds / records - 1) < 0.01, `${store}: ${finds}`);
      }
      // The work of the business services stays, but for the longer list of recommendations.
      const before = demandOf(applicationOf(base.application), 1).cpuSeconds;
      for (const service of ['frontend', 'search', 'geo', 'rate', 'profile', 'reservation']) {
        assert.ok(Math.abs(cpuSeconds[service]! / before[service]! - 1) < 1e-9, service);
      }
      assert.ok(cpuSeconds['recommendation']! > before['recommendation']!);
    });
  }

  test('more hotels miss more', () => {
    const rates = [2000, 4000, 10_000].map((records) => missShares(records).rate);
    assert.ok(rates[0]! < rates[1]! && rates[1]! < rates[2]! && rates[2]! < 1);
  });
});

suite('variants', () => {
  test('every one changes something, and gives a world', () => {
    const base = JSON.stringify(worldOf(baseSpecification()));
    for (const { factor, value, change, changeWorld } of VARIANTS.slice(1)) {
      const world = worldOf(change(baseSpecification()));
      const changed = JSON.stringify(changeWorld?.(world) ?? world);
      assert.notEqual(changed, base, `${factor}: ${value}`);
    }
    const names = VARIANTS.map(({ factor, value }) => `${factor}: ${value}`);
    assert.equal(new Set(names).size, names.length);
    for (const factor of ['deploy order', 'power curve', 'CPU limits', 'sidecar', 'interference']) {
      assert.ok(VARIANTS.filter((one) => one.factor === factor).length >= 2, factor);
    }
  });

  test('orders hold every service once; the heaviest is the frontend', () => {
    const specification = baseSpecification();
    const manifest = [...orderOf(specification, 'manifest')].sort();
    for (const order of ['data first', 'business first', 'heaviest first'] as const) {
      assert.deepEqual([...orderOf(specification, order)].sort(), manifest);
    }
    assert.equal(orderOf(specification, 'heaviest first')[0], 'frontend');
  });
});

test('pinning the data gains nothing in one and the same order, and loses where data is ahead', () => {
  const [manifest, dataFirst, business, heaviest] = orderFigures(150);
  assert.ok(manifest!.ratioSameOrder < 0.97);
  assert.ok(dataFirst!.ratioSameOrder < 0.8);
  assert.ok(Math.abs(business!.ratioSameOrder - 1) < 0.05);
  assert.ok(Math.abs(heaviest!.ratioSameOrder - 1) < 0.05);
  assert.ok(heaviest!.ratioToManifestOrder > 1.05);
});

/** Throughput of each scenario against default's 1000, as if it had been measured. */
const MADE: Readonly<Record<Scenario, number>> = {
  default: 1000,
  split: 700,
  'data-pinned': 900,
  'data-pinned-data-first': 700,
  'data-pinned-business-first': 1050,
  'best-cut': 1300,
  agent: 1200,
};

const EFFORT: Effort = { ...QUICK, threads: [2, REFERENCE_THREADS], sizes: [2000], variants: 2 };

function madeUp(): ExperimentResult[] {
  const point = (seed: number, setting: Pick<Point, 'threads' | 'records' | 'variant'>) =>
    SCENARIOS.map((scenario): Point => {
      // The second variant turns scenario 3 round.
      const made = setting.variant === 1 && scenario === 'data-pinned' ? 1100 : MADE[scenario];
      const throughput = made + seed;
      return {
        ...setting,
        scenario,
        throughput,
        p50: 20_000 / throughput,
        p99: 50_000 / throughput,
        joulesPerRequest: 300 / throughput,
        watts: 300,
        podWatts: 200,
        crossNodeCallsPerRequest: 3,
        power: [200, 201, 199],
        placements: [{ frontend: ['worker-1'] }, { frontend: ['worker-2'] }],
      };
    });
  const settings = (records: number) =>
    EFFORT.threads.map((threads) => ({ threads, records, variant: 0 }));
  return [
    { part: 'orders', seed: 0, points: [], orders: orderFigures(20) },
    ...[1, 2, 3].flatMap((seed): ExperimentResult[] => [
      {
        part: 'steps',
        seed,
        orders: [],
        points: settings(80).flatMap((setting) => point(seed, setting)),
      },
      {
        part: 'sizes',
        seed,
        orders: [],
        points: settings(2000).flatMap((setting) => point(seed, setting)),
      },
      {
        part: 'sensitivity',
        seed,
        orders: [],
        points: [0, 1].flatMap((variant) =>
          point(seed, { threads: REFERENCE_THREADS, records: 80, variant }),
        ),
      },
    ]),
  ];
}

suite('results and reports', () => {
  const results = experimentResults(madeUp(), EFFORT);
  const blocks = reportOf(results);

  test('statements are judged by whole intervals', () => {
    assert.deepEqual(results.steps[0]!.statements, {
      defaultBeatsSplit: 'holds',
      similarPower: 'holds',
      similarEnergy: 'fails',
      dataPinnedBeatsDefault: 'fails',
      agentBeatsDefault: 'holds',
    });
    assert.equal(results.sensitivity[1]!.statements.dataPinnedBeatsDefault, 'holds');
    assert.deepEqual(results.seeds, [1, 2, 3]);
    assert.equal(results.reference.power.default.length, 3);
    assert.deepEqual(results.reference.placements.agent['frontend'], {
      'worker-1': 0.5,
      'worker-2': 0.5,
    });
  });

  test('the report says where an order turns', () => {
    const text = markdown(blocks);
    assert.match(text, /Scenario 3, in the order of the manifests, beats scenario 1\*\*: fails/);
    assert.match(text.replaceAll(/\s+/g, ' '), /deploy order: data first \(holds, 110 ± \d+ %\)/);
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
  });

  test('the HTML is one file: nothing to load, light and dark, every plot and table in it', () => {
    const page = htmlReport(blocks);
    assert.match(page, /^<!doctype html>/);
    assert.doesNotMatch(page, /<(script|link|img|iframe|object)\b/i);
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/gi)];
    assert.deepEqual(addresses, []);
    const other = [...page.matchAll(/https?:\/\/[^"\s<]+/g)].map(([address]) => address);
    assert.deepEqual([...new Set(other)], ['http://www.w3.org/2000/svg']);
    assert.match(page, /prefers-color-scheme: dark/);
    const count = (kind: string): number => blocks.filter((one) => one.kind === kind).length;
    assert.equal(page.split('<svg ').length - 1, count('plot'));
    assert.equal(page.split('<table>').length - 1, count('table'));
    assert.ok(count('plot') === 4 && count('table') >= 10);
    assert.doesNotMatch(page, /NaN|undefined/);
    assert.equal(page.split('<p>').length, page.split('</p>').length);
  });
});
