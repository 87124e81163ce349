// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ModelShard } from '#cluster/model/model.ts';
import {
  planForgetting,
  shardKeyText,
  stepOf,
  stepsInTurn,
  type ForgettingRules,
  type ForgettingStep,
} from '#learner/forgetting/plan.ts';
import { emptyShard } from '#learner/tick/shards.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3600;

function shard(workload: string, unusedSince?: number, over: Partial<ModelShard> = {}): ModelShard {
  const empty = emptyShard('shop', 'default', workload);
  return { ...empty, version: 3, ...(unusedSince === undefined ? {} : { unusedSince }), ...over };
}

function rules(over: Partial<ForgettingRules> = {}): ForgettingRules {
  return { isUsed: () => false, retentionSeconds: HOUR, now: NOW, ...over };
}

describe('the step of one shard', () => {
  const before = (seconds: number): number => NOW - seconds * 1000;
  const cases: readonly [string, ModelShard, boolean, ForgettingStep | undefined][] = [
    ['used, no mark', shard('Job/a'), true, undefined],
    ['used, marked', shard('Job/a', before(2)), true, 'unmarked'],
    ['used, marked for longer than shards are kept', shard('Job/a', 0), true, 'unmarked'],
    ['unused, no mark', shard('Job/a'), false, 'marked'],
    ['unused for less', shard('Job/a', before(HOUR - 1)), false, undefined],
    ['unused for exactly so long', shard('Job/a', before(HOUR)), false, undefined],
    ['unused for longer', shard('Job/a', before(HOUR + 1)), false, 'deleted'],
    ['unused since the future', shard('Job/a', NOW + 1), false, 'marked'],
    ['the prior of a tier', shard('Tier/data'), false, undefined],
    ['the prior of a tier, with a mark', shard('Tier/data', 0), false, undefined],
    ['a kind that only begins so', shard('Tiers/data'), false, 'marked'],
  ];
  for (const [name, one, isUsed, step] of cases) {
    it(`${name}: ${step ?? 'nothing'}`, () => {
      assert.equal(stepOf(one, rules({ isUsed: () => isUsed })), step);
    });
  }

  it('is never a deletion where shards are kept for ever, but marks are kept true', () => {
    const forever = { retentionSeconds: Infinity };
    assert.equal(stepOf(shard('Job/a', 0), rules(forever)), undefined);
    assert.equal(stepOf(shard('Job/a'), rules(forever)), 'marked');
    assert.equal(stepOf(shard('Job/a', 0), rules({ ...forever, isUsed: () => true })), 'unmarked');
  });

  it('asks by namespace, policy and workload', () => {
    const used = new Set([shardKeyText('shop', 'default', 'Job/a')]);
    const isUsed: ForgettingRules['isUsed'] = ({ namespace, policy, workload }) =>
      used.has(shardKeyText(namespace, policy, workload));
    assert.equal(stepOf(shard('Job/a'), rules({ isUsed })), undefined);
    assert.equal(stepOf(shard('Job/a', undefined, { policy: 'p' }), rules({ isUsed })), 'marked');
    assert.equal(
      stepOf(shard('Job/a', undefined, { namespace: 'n' }), rules({ isUsed })),
      'marked',
    );
  });
});

describe('the steps of one tick', () => {
  it('are bounded, marks beside deletions; marks go first, the longest unused before others', () => {
    const used = new Set(['Job/back', 'Job/back-older']);
    const shards = [
      shard('Job/new'),
      shard('Job/old', 2),
      shard('Job/oldest', 1),
      shard('Job/back', 4),
      shard('Job/back-older', 3),
    ];
    const planned = planForgetting(shards, rules({ isUsed: ({ workload }) => used.has(workload) }));
    const order = (limit: number, late?: string): string[] =>
      stepsInTurn(planned, limit, ({ workload }) => workload === late).map(
        ({ shard: { workload }, step }) => `${step} ${workload}`,
      );
    assert.deepEqual(order(9), [
      'unmarked Job/back-older',
      'unmarked Job/back',
      'marked Job/new',
      'deleted Job/oldest',
      'deleted Job/old',
    ]);
    assert.deepEqual(order(1), ['unmarked Job/back-older', 'deleted Job/oldest']);
    assert.deepEqual(order(1, 'Job/oldest'), ['unmarked Job/back-older', 'deleted Job/old']);
  });

  it('never delete what is used, a prior, or what was unused for less, whatever there is', () => {
    const some = fc.record({
      workload: fc.constantFrom('Job/a', 'Job/b', 'Pod/c', 'Tier/data'),
      unusedSince: fc.option(fc.integer({ min: NOW - 9_000_000, max: NOW + 9_000 }), {
        nil: undefined,
      }),
    });
    const property = fc.property(
      fc.array(some, { maxLength: 8 }),
      fc.subarray(['Job/a', 'Job/b', 'Pod/c', 'Tier/data']),
      (list, used) => {
        const shards = list.map(({ workload, unusedSince }) => shard(workload, unusedSince));
        const isUsed: ForgettingRules['isUsed'] = ({ workload }) => used.includes(workload);
        const planned = planForgetting(shards, rules({ isUsed }));
        for (const { shard: one, step } of stepsInTurn(planned, 20, () => false)) {
          assert.notEqual(one.workload, 'Tier/data');
          assert.equal(step === 'unmarked', used.includes(one.workload));
          if (step === 'deleted') assert.ok(NOW - (one.unusedSince ?? NOW) > HOUR * 1000);
        }
      },
    );
    fc.assert(property);
  });
});
