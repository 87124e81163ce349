// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ceilingOf, type Ceiling, type CeilingParts } from '#cli/simulate/ceiling.ts';
import { placeAll } from '#cli/simulate/rollout.ts';
import { placeByDefault } from '#cli/simulate/static-schedulers.ts';
import type { Application } from '#simulator/application/application.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { DEFAULT_OVERHEADS } from '#simulator/application/overheads.ts';
import { dataPinned, splitPlacement, tierFirst } from '#simulator/application/placements.ts';
import { Planner } from '#simulator/trial/planner.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import { compile } from '#simulator/engine/program.ts';
import { Random } from '#simulator/random/random.ts';
import { runTrial } from '#simulator/trial/trial.ts';

/*
 * Published ceilings of hotelReservation on two workers of 8 cores, requests per second: CPU by
 * call of Erms, Istio 1.24 sidecars (0.20 ms HTTP, 0.05 ms TCP by side), 20 µs by side of a
 * crossing, the stock scheduler, equal requests, random ties. They were worked out from mean
 * requests without any simulation, with every search asking its caches and all 8 cores for Pods.
 */

const CPU_MILLISECONDS: Readonly<Record<string, number>> = {
  'search.nearby': 1.9,
  'geo.nearby': 1.05,
  'rate.get': 0.96,
  'reservation.check': 2.48,
  'profile.hotels': 0.94,
};

/** The application as those ceilings have it: one kind of search, with the mean CPU. */
const meanSearches: Application = {
  ...hotelReservation,
  requests: [
    { name: 'search', share: 0.6, operation: 'frontend.hotels' },
    ...hotelReservation.requests.filter(({ name }) => !name.startsWith('search')),
  ],
  operations: {
    ...hotelReservation.operations,
    ...Object.fromEntries(
      [
        ['frontend.hotels', ['search.nearby', 'reservation.check', 'profile.hotels']] as const,
        ['search.nearby', ['geo.nearby', 'rate.get']] as const,
        ['rate.get', ['memcached-rate.read']] as const,
        ['reservation.check', ['memcached-reserve.read', 'memcached-reserve.read']] as const,
        ['profile.hotels', ['memcached-profile.read']] as const,
      ].map(([name, calls]) => [
        name,
        {
          service: name.split('.')[0]!,
          cpuMilliseconds: name === 'frontend.hotels' ? 3.1 : CPU_MILLISECONDS[name]!,
          law: { kind: 'exponential' as const },
          steps: calls.map((call) => [call]),
        },
      ]),
    ),
  },
};

function partsOf(application: Application, systemCores: number): CeilingParts {
  return {
    application,
    machines: SEED_MACHINES.map((machine) => ({ ...machine, systemCores })),
    overheads: DEFAULT_OVERHEADS,
    cpuScale: 1,
  };
}

const EXACT = partsOf(meanSearches, 0);
const DATA = dataPinned(hotelReservation, 'worker-1');
const SPLIT = splitPlacement(hotelReservation, 'worker-1', 'worker-2');
/** The order in which the CPU table of that work lists the services. */
const TABLE_ORDER = [
  ...['frontend', 'search', 'geo', 'rate', 'reservation', 'profile', 'recommendation', 'user'],
  ...hotelReservation.manifestOrder.filter(
    (name) => !hotelReservation.services.some((s) => s.name === name && s.tier === 'business'),
  ),
];

/** One deployment by the stock scheduler. */
function deployed(parts: CeilingParts, pins: Pins, order: readonly string[], random: Random) {
  const planner = new Planner({ ...parts, sidecar: true, cpuLimits: false });
  const pending = placeAll(
    { order, pins, place: placeByDefault },
    { planner, random, utilisation: {} },
  );
  assert.deepEqual(pending, []);
  return planner.placed;
}

interface Distribution {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly crossings: number;
}

/** Mean, 5th and 95th percentile over deployments. */
function distribution(ceilings: readonly Ceiling[]): Distribution {
  const rates = ceilings.map(({ requestsPerSecond }) => requestsPerSecond).sort((a, b) => a - b);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mean: mean(rates),
    low: rates[Math.floor(0.05 * rates.length)]!,
    high: rates[Math.floor(0.95 * rates.length)]!,
    crossings: mean(ceilings.map(({ crossNodeCallsPerRequest }) => crossNodeCallsPerRequest)),
  };
}

/** One random order for each deployment where `order` makes one. */
function many(parts: CeilingParts, pins: Pins, order: (random: Random) => readonly string[]) {
  const random = new Random(20_261_122);
  return distribution(
    Array.from({ length: 500 }, () =>
      ceilingOf(parts, deployed(parts, pins, order(random), random)),
    ),
  );
}

function near(found: number, published: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found / published - 1) <= tolerance, `${what}: ${found}, not ${published}`);
}

const businessAtRandom = (random: Random): string[] => {
  const ahead = tierFirst(hotelReservation, 'business').slice(0, 8);
  const infra = ['consul', 'jaeger'];
  return [
    ...random.shuffle([...ahead, ...infra]),
    ...hotelReservation.manifestOrder.filter((n) => !ahead.includes(n) && !infra.includes(n)),
  ];
};

suite('published CPU ceilings follow from their inputs', () => {
  const rows = [
    ['default, manifest order', {}, () => hotelReservation.manifestOrder, [1216, 891, 1568], 3.3],
    ['split', SPLIT, () => hotelReservation.manifestOrder, [826, 826, 826], 2.8],
    ['data pinned', DATA, () => hotelReservation.manifestOrder, [1088, 827, 1377], 4.4],
    ['data pinned, business first', DATA, () => TABLE_ORDER, [1370, 1279, 1469], 3.6],
    ['data pinned, business at random first', DATA, businessAtRandom, [1280, 992, 1574], 3.5],
    [
      'data pinned, data first',
      DATA,
      () => tierFirst(hotelReservation, 'data'),
      [827, 827, 827],
      2.8,
    ],
  ] as const;
  for (const [name, pins, order, [mean, low, high], crossings] of rows) {
    test(name, () => {
      const found = many(EXACT, pins, order);
      near(found.mean, mean, 0.03, 'mean');
      near(found.low, low, 0.05, '5th percentile');
      near(found.high, high, 0.05, '95th percentile');
      assert.ok(Math.abs(found.crossings - crossings) <= 0.15, `${found.crossings}`);
    });
  }

  test('the best of all placements', () => {
    const names = hotelReservation.services
      .filter(({ name, tier }) => tier === 'business' || name.startsWith('memcached'))
      .map(({ name }) => name);
    const others = hotelReservation.services.map(({ name }) => name);
    let best = 0;
    // By symmetry the first stands on worker-1: 2^10 placements of the eleven that matter.
    for (let bits = 0; bits < 2 ** (names.length - 1); bits++) {
      const pods = others.map((service) => {
        const at = names.indexOf(service);
        const away = at > 0 && ((bits >> (at - 1)) & 1) === 1;
        return { service, node: away ? 'worker-2' : 'worker-1' };
      });
      best = Math.max(best, ceilingOf(EXACT, pods).requestsPerSecond);
    }
    near(best, 1600, 0.02, 'best');
  });

  test('what is shipped (searches that find nothing, 0.1 core for the system) is within 5 %', () => {
    const shipped = partsOf(hotelReservation, 0.1);
    const manifest = () => hotelReservation.manifestOrder;
    near(many(shipped, {}, manifest).mean, 1216, 0.05, 'default');
    near(many(shipped, SPLIT, manifest).mean, 826, 0.05, 'split');
    near(many(shipped, DATA, manifest).mean, 1088, 0.05, 'data pinned');
    near(many(shipped, DATA, () => TABLE_ORDER).mean, 1370, 0.05, 'business first');
  });

  test('"business first" of the published row is the order of its CPU table, not of the manifests', () => {
    const manifest = many(EXACT, DATA, () => tierFirst(hotelReservation, 'business'));
    assert.ok(manifest.mean < 1300 && manifest.low < 1010, JSON.stringify(manifest));
    assert.ok(many(EXACT, DATA, () => TABLE_ORDER).low > 1250);
  });
});

suite('the simulation', () => {
  test('saturates at the ceiling of each deployment, within 2 %', () => {
    const parts = partsOf(hotelReservation, 0.1);
    const random = new Random(7);
    const stage = {
      program: compile(hotelReservation, 1),
      machines: parts.machines,
      overheads: DEFAULT_OVERHEADS,
      load: { kind: 'closed' as const, connections: 400 },
      warmUpSeconds: 2,
      windowSeconds: 8,
      meterSeconds: 0.25,
    };
    for (const [pins, order] of [
      [{}, hotelReservation.manifestOrder],
      [{}, hotelReservation.manifestOrder],
      [{}, hotelReservation.manifestOrder],
      [SPLIT, hotelReservation.manifestOrder],
      [DATA, hotelReservation.manifestOrder],
      [DATA, TABLE_ORDER],
    ] as const) {
      const placed = deployed(parts, pins, order, random);
      const { interval } = runTrial(stage, placed, 3);
      const { requestsPerSecond, crossNodeCallsPerRequest } = ceilingOf(parts, placed);
      near(interval.throughput, requestsPerSecond, 0.02, 'throughput');
      near(interval.crossNodeCallsPerRequest!, crossNodeCallsPerRequest, 0.02, 'crossings');
    }
  });

  test('a ceiling needs a Pod of every service that is called, on a node that exists', () => {
    assert.throws(() => ceilingOf(EXACT, []), RangeError);
    const lost = [{ service: 'frontend', node: 'nowhere' }];
    assert.throws(() => ceilingOf(EXACT, lost), RangeError);
  });
});
