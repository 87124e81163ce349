// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoredMoving, StoredScaling } from '#cluster/model/capacity.ts';
import { decodeModel, encodeShard } from '#cluster/model/codec.ts';
import {
  MOST_RECOMMENDATIONS,
  nextRecommendations,
  projectRecommendations,
} from '#cluster/policy/recommendations.ts';
import { emptyShard } from '#learner/tick/shards.ts';

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const at = fc.integer({ min: 0, max: 4e12 });
const statistics = fc.record({ mean: number, variance: number, weight: number });
const cell = fc.record({ value: number, weight: number });
const name = fc.string({ minLength: 1, maxLength: 40 });

const scaling: fc.Arbitrary<StoredScaling> = fc.record(
  {
    decisions: fc.nat(),
    averageReward: number,
    cells: fc.dictionary(name, fc.record({ down: cell, hold: cell, up: cell }), { maxKeys: 5 }),
    reference: fc.dictionary(name, statistics, { maxKeys: 5 }),
    load: statistics,
    changedAt: at,
    changes: fc.array(at, { maxLength: 5 }),
    last: fc.record({
      at,
      state: name,
      headroom: fc.constantFrom('missed', 'tight', 'fair', 'ample', 'unknown'),
      replicas: fc.nat(),
    }),
    intent: fc.record({ at, from: fc.nat(), to: fc.nat() }),
  },
  {
    requiredKeys: [
      ...(['decisions', 'averageReward', 'cells', 'reference', 'load'] as const),
      ...(['changedAt', 'changes'] as const),
    ],
  },
);

const moving: fc.Arbitrary<StoredMoving> = fc.record(
  {
    moves: fc.nat(),
    startUpJoules: statistics,
    disturbanceSeconds: statistics,
    measuredUntil: at,
    changes: fc.array(at, { maxLength: 5 }),
    intent: fc.record({ at, podUid: name, podName: name, from: name, to: name }),
  },
  { requiredKeys: ['moves', 'startUpJoules', 'disturbanceSeconds', 'measuredUntil', 'changes'] },
);

describe('scaling and moving of a stored shard', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(scaling, moving, (first, second) => {
        const shard = { ...emptyShard('shop', 'shop', 'Deployment/web'), version: 1 };
        const stored = decodeModel(
          'shop',
          JSON.parse(JSON.stringify(encodeShard({ ...shard, scaling: first, moving: second }))),
        );
        assert.ok(stored.kind === 'shard');
        assert.deepEqual(
          JSON.parse(JSON.stringify(stored.shard.scaling)),
          JSON.parse(JSON.stringify(first)),
        );
        assert.deepEqual(
          JSON.parse(JSON.stringify(stored.shard.moving)),
          JSON.parse(JSON.stringify(second)),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe('recommendations in a status', () => {
  const one = {
    kind: 'Scale' as const,
    namespace: 'shop',
    workload: 'Deployment/web',
    from: '4',
    to: '3',
    outcome: 'Recommended' as const,
    message: 'less would do',
  };

  it('keep the time at which they were first said', () => {
    const first = nextRecommendations([], [one], '2026-01-01T00:00:00Z');
    const again = nextRecommendations(first, [one], '2026-01-02T00:00:00Z');
    assert.equal(again[0]?.since, '2026-01-01T00:00:00Z');
    const other = nextRecommendations(first, [{ ...one, to: '2' }], '2026-01-02T00:00:00Z');
    assert.equal(other[0]?.since, '2026-01-02T00:00:00Z');
  });

  it('are bounded, what is done last to be left out first', () => {
    const many = Array.from({ length: 50 }, (_, index) => ({
      ...one,
      workload: `Deployment/web-${index}`,
      outcome: index < 25 ? ('Applied' as const) : ('Refused' as const),
    }));
    const kept = nextRecommendations([], many, '2026-01-01T00:00:00Z');
    assert.equal(kept.length, MOST_RECOMMENDATIONS);
    assert.equal(kept.filter(({ outcome }) => outcome === 'Refused').length, 25);
  });

  it('leave out what cannot be read', () => {
    const written = [{ ...one, since: '2026-01-01T00:00:00Z' }];
    assert.deepEqual(projectRecommendations(written), written);
    assert.deepEqual(projectRecommendations([{ kind: 'Other' }, 7, null]), []);
    assert.deepEqual(projectRecommendations(undefined), []);
  });
});
