// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeModel, encodeObservation, encodeShard } from '#cluster/model/codec.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';

const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const statistics = fc.record({ mean: double, variance: double, weight: double });
const word = (maxLength: number) => fc.string({ minLength: 1, maxLength });
const optional = fc.option(double, { nil: undefined });
const table = <T>(keys: number, value: fc.Arbitrary<T>) =>
  fc.dictionary(word(keys), fc.dictionary(word(63), value, { minKeys: 1, maxKeys: 4 }), {
    maxKeys: 6,
  });

const count = fc.maxSafeNat();
const arm = fc.record({
  count,
  weight: double,
  weightSquares: double,
  value: double,
  residual: double,
  residualSecond: double,
  residualSquares: double,
});
const contrast = fc.record({ placed: arm, holdout: arm });
/** The parts that came later; each may be absent, as it is in older objects. */
const evidence = fc.record(
  {
    circuit: fc.record(
      {
        state: fc.constantFrom('open' as const, 'closed' as const),
        reason: fc.constantFrom(
          'slo-breach' as const,
          'regret' as const,
          'telemetry-lost' as const,
        ),
        changedAt: count,
        retryAt: count,
        coolingSeconds: count,
        breaches: count,
        unmeasured: count,
        evidence: double,
        trialsPassed: count,
        trialAdvantage: double,
      },
      {
        requiredKeys: [
          'state',
          'changedAt',
          'retryAt',
          'coolingSeconds',
          'breaches',
          'unmeasured',
          'evidence',
          'trialsPassed',
          'trialAdvantage',
        ],
      },
    ),
    savings: fc.record({
      joulesPerRequest: contrast,
      p99Milliseconds: contrast,
      requests: double,
    }),
    shadow: fc.record({
      landings: fc.dictionary(word(63), fc.record({ count, energy: double, latency: double }), {
        maxKeys: 4,
      }),
      decisions: fc.array(
        fc.record({
          agreed: fc.boolean(),
          propensity: double,
          energy: double,
          latency: double,
          landedEnergy: double,
          landedLatency: double,
          wantedEnergy: double,
          wantedLatency: double,
        }),
        { maxLength: 4 },
      ),
    }),
    unusedSince: count,
    before: fc.record({
      added: count,
      episodes: count,
      defaultSamples: count,
      load: statistics,
      cells: table(256, fc.record({ value: double, weight: double })),
      baselines: table(63, statistics),
    }),
  },
  { requiredKeys: [] },
);

const firstVersion: fc.Arbitrary<ModelShard> = fc.record({
  namespace: fc.constant('shop'),
  policy: word(253),
  workload: word(317),
  version: fc.maxSafeNat(),
  episodes: fc.maxSafeNat(),
  cells: table(256, fc.record({ value: double, weight: double })),
  baselines: table(63, statistics),
  load: statistics,
  defaultSamples: fc.maxSafeNat(),
  settled: fc.array(word(64), { maxLength: 20 }),
  followed: fc.maxSafeNat(),
  asked: fc.maxSafeNat(),
});
const shards = fc
  .tuple(firstVersion, evidence)
  .map(([first, later]): ModelShard => ({ ...first, ...later }));

const observations: fc.Arbitrary<Observation> = fc.record({
  namespace: fc.constant('shop'),
  policy: word(253),
  observedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  targets: fc.dictionary(
    word(63),
    fc.record({
      health: fc.constantFrom(
        'healthy',
        'absent',
        'stale',
        'not-a-number',
        'zero',
        'fake',
        'absurd',
      ),
      cpuRatio: optional,
      memoryRatio: optional,
      watts: optional,
    }),
  ),
  workloads: fc.dictionary(
    word(317),
    fc.record(
      {
        loadBucket: fc.constantFrom('low', 'normal', 'high', undefined),
        peers: fc.array(word(317), { maxLength: 4 }),
        holdoutRests: fc.constant(true as const),
      },
      { requiredKeys: ['loadBucket', 'peers'] },
    ),
  ),
});

/** The same with plain prototypes, which the comparison looks at. */
const plain = <T>(value: T): T => structuredClone(value);
const viaJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const SHARD: ModelShard = {
  namespace: 'shop',
  policy: 'default',
  workload: 'Deployment/frontend',
  version: 1,
  episodes: 0,
  cells: {},
  baselines: {},
  load: { mean: 0, variance: 0, weight: 0 },
  defaultSamples: 0,
  settled: [],
  followed: 0,
  asked: 0,
};

describe('stored models', () => {
  it('give every shard back, each double exactly', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        const model = decodeModel('shop', viaJson(encodeShard(shard)));
        assert.ok(model.kind === 'shard');
        assert.deepEqual(plain(model.shard), plain(shard));
      }),
    );
  });

  it('give every observation back', () => {
    fc.assert(
      fc.property(observations, (observation) => {
        const model = decodeModel('shop', viaJson(encodeObservation(observation)));
        assert.ok(model.kind === 'observation');
        assert.deepEqual(plain(model.observation), plain(observation));
      }),
    );
  });

  it('hold no floating point number', () => {
    fc.assert(
      fc.property(shards, (shard) => {
        JSON.stringify(encodeShard(shard), (_key, value: unknown) => {
          assert.ok(typeof value !== 'number' || Number.isSafeInteger(value));
          return value;
        });
      }),
      { numRuns: 30 },
    );
  });

  it('keep -0, the smallest and the largest double', () => {
    const load = { mean: -0, variance: Number.MIN_VALUE, weight: Number.MAX_VALUE };
    const model = decodeModel('shop', viaJson(encodeShard({ ...SHARD, load })));
    assert.ok(model.kind === 'shard');
    assert.deepEqual(model.shard.load, load);
  });

  it('refuse what is not finite', () => {
    for (const mean of [Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => encodeShard({ ...SHARD, load: { ...SHARD.load, mean } }), {
        code: 'PERI_MODEL_MALFORMED',
      });
    }
  });

  it('stay well under 1 MiB at every limit, or are refused', () => {
    const number = -1.2345678901234567e-300;
    const full: ModelShard = {
      ...SHARD,
      workload: `Deployment/${'w'.repeat(250)}`,
      cells: {
        ['s'.repeat(MODEL_LIMITS.stateCharacters)]: Object.fromEntries(
          Array.from({ length: MODEL_LIMITS.cells }, (_, index) => [
            `${index}`.padStart(MODEL_LIMITS.nameCharacters, 'a'),
            { value: number, weight: number },
          ]),
        ),
      },
      settled: Array.from({ length: MODEL_LIMITS.settled }, (_, index) =>
        `${index}`.padStart(64, 'd'),
      ),
    };
    assert.ok(JSON.stringify(encodeShard(full)).length < 900_000);
    const wide = { ...full, settled: full.settled.map((id) => id.replaceAll('d', '€')) };
    assert.throws(() => encodeShard(wide), /bytes; at most 900000/);
    const many = { ...SHARD, settled: [...full.settled, 'one more'] };
    assert.throws(() => encodeShard(many), /spec\.shard\.settled/);
  });

  it('name the field that cannot be read', () => {
    const spec = encodeShard(SHARD);
    const bad = {
      ...spec,
      shard: { ...spec.shard, load: { mean: '1,5', variance: '0', weight: '0' } },
    };
    assert.throws(() => decodeModel('shop', bad), {
      code: 'PERI_MODEL_MALFORMED',
      message: /spec\.shard\.load\.mean/,
    });
    assert.throws(() => decodeModel('shop', undefined), { code: 'PERI_MODEL_MALFORMED' });
    assert.throws(() => decodeModel('shop', { policyName: 'x' }), { code: 'PERI_MODEL_MALFORMED' });
    const overflow = {
      ...spec,
      shard: { ...spec.shard, load: { mean: '1e+999', variance: '0', weight: '0' } },
    };
    assert.throws(() => decodeModel('shop', overflow), { code: 'PERI_MODEL_MALFORMED' });
  });
});
