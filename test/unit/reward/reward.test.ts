// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Baselines, updateBaselines } from '#reward/baseline.ts';
import { BREACH_BAND, LEGAL_LIMIT, rawCosts, squash } from '#reward/costs.ts';
import type { Outcome, OutcomeField } from '#reward/outcome.ts';
import { evaluate, type Rewarded } from '#reward/reward.ts';
import { type RewardSettings, rewardSettings } from '#reward/settings.ts';
import fc from 'fast-check';

const DEFAULT = { sustainabilityPercent: 50, performancePercent: 40, resourcesPercent: 10 };
const settings = rewardSettings(DEFAULT);
const withSlo = rewardSettings({ ...DEFAULT, sloP99Milliseconds: 100, sloErrorThousandths: 50 });

const typical: Outcome = {
  joules: 500,
  requests: 1000,
  p99Milliseconds: 40,
  errorRatio: 0.01,
  cpuRatio: 0.5,
  memoryRatio: 0.4,
};

function baselinesOf(outcome: Outcome): Baselines {
  let baselines: Baselines | undefined;
  for (let i = 0; i < 5; i += 1) baselines = updateBaselines(baselines, rawCosts(outcome));
  return baselines!;
}

const baselines = baselinesOf(typical);

function rewarded(outcome: Outcome, by: RewardSettings = settings, base = baselines): Rewarded {
  const evaluation = evaluate(outcome, base, by);
  assert.ok(evaluation.kind === 'rewarded', JSON.stringify(evaluation));
  return evaluation;
}

const anyOutcome: fc.Arbitrary<Outcome> = fc.record({
  joules: fc.double({ min: 1e-3, max: 1e7, noNaN: true }),
  requests: fc.double({ min: 1, max: 1e6, noNaN: true }),
  p99Milliseconds: fc.double({ min: 0, max: 3.6e6, noNaN: true }),
  errorRatio: fc.double({ min: 0, max: 1, noNaN: true }),
  cpuRatio: fc.double({ min: 0, max: 1, noNaN: true }),
  memoryRatio: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('the baseline itself costs 1 in everything and has no advantage', () => {
  const { costs, reward, baselineReward, advantage } = rewarded(typical);
  for (const cost of Object.values(costs)) assert.ok(Math.abs(cost! - 1) < 1e-9);
  assert.ok(Math.abs(reward + 1) < 1e-9);
  assert.equal(baselineReward, -1);
  assert.ok(Math.abs(advantage) < 1e-9);
});

test('less energy, less latency and less pressure are each an advantage', () => {
  assert.ok(rewarded({ ...typical, joules: 250 }).advantage > 0.1);
  assert.ok(rewarded({ ...typical, p99Milliseconds: 20 }).advantage > 0.1);
  assert.ok(rewarded({ ...typical, cpuRatio: 0.25 }).advantage > 0.01);
  assert.ok(rewarded({ ...typical, joules: 1000 }).advantage < -0.1);
  assert.ok(rewarded({ ...typical, errorRatio: 0.2 }).advantage < -0.1);
});

test('the reward is the weighted sum of the costs', () => {
  const { costs, reward } = rewarded({ ...typical, joules: 1000, p99Milliseconds: 20 });
  assert.ok(Math.abs(costs.sustainability! - squash(2)) < 1e-9);
  const total = 0.5 * costs.sustainability! + 0.4 * costs.performance! + 0.1 * costs.resources!;
  assert.ok(Math.abs(reward + total) < 1e-12);
});

test('failing fast is not being quick', () => {
  const failing = { ...typical, p99Milliseconds: 1, errorRatio: 0.5 };
  assert.ok(rewarded(failing).costs.performance! > 1.5);
  assert.equal(rewarded({ ...typical, errorRatio: 1 }).costs.sustainability, LEGAL_LIMIT);
});

test('a missed objective is worse than anything legal, and worse the more it is missed', () => {
  fc.assert(
    fc.property(anyOutcome, anyOutcome, (one, other) => {
      const [a, b] = [rewarded(one, withSlo), rewarded(other, withSlo)];
      for (const { reward, sloBreached } of [a, b]) {
        if (sloBreached) assert.ok(reward < -BREACH_BAND.from && reward >= -BREACH_BAND.to);
        else assert.ok(reward >= -LEGAL_LIMIT && reward <= 0);
      }
      if (a.sloBreached && !b.sloBreached) assert.ok(a.reward < b.reward);
    }),
  );
  const late = (p99Milliseconds: number): number =>
    rewarded({ ...typical, p99Milliseconds }, withSlo).reward;
  assert.ok(late(100) > -LEGAL_LIMIT);
  assert.ok(late(101) < -BREACH_BAND.from);
  assert.ok(late(200) < late(101));
  const failed = rewarded({ ...typical, errorRatio: 0.2 }, withSlo);
  assert.equal(failed.sloBreached, true);
});

test('where the baseline misses the objective, missing it by less is an advantage', () => {
  const slow = baselinesOf({ ...typical, p99Milliseconds: 400 });
  const better = rewarded({ ...typical, p99Milliseconds: 200 }, withSlo, slow);
  const worse = rewarded({ ...typical, p99Milliseconds: 800 }, withSlo, slow);
  const kept = rewarded({ ...typical, p99Milliseconds: 90 }, withSlo, slow);
  assert.ok(better.sloBreached && better.advantage > 0);
  assert.ok(worse.advantage < 0);
  assert.ok(kept.advantage > better.advantage);
});

test('without energy, latency or baseline there is no reward at all', () => {
  const censored: [Partial<Outcome>, string][] = [
    [{ joules: undefined }, 'no-energy'],
    [{ joules: 0 }, 'no-energy'],
    [{ joules: Number.NaN }, 'no-energy'],
    [{ joules: -1 }, 'no-energy'],
    [{ requests: 0 }, 'no-energy'],
    [{ p99Milliseconds: undefined }, 'no-latency'],
    [{ p99Milliseconds: Infinity }, 'no-latency'],
  ];
  for (const [change, reason] of censored) {
    const evaluation = evaluate({ ...typical, ...change }, baselines, settings);
    assert.ok(evaluation.kind === 'censored');
    assert.equal(evaluation.reason, reason);
    assert.ok(!('reward' in evaluation));
  }
  const unmeasured = evaluate(typical, undefined, settings);
  assert.equal(unmeasured.kind === 'censored' && unmeasured.reason, 'no-baseline');
  const explained = evaluate(
    { ...typical, joules: undefined, reasons: { joules: 'fake' } },
    baselines,
    settings,
  );
  assert.ok(explained.kind === 'censored' && explained.detail.includes('joules: fake'));
});

test('a cost without weight is not asked for', () => {
  const latencyOnly = rewardSettings({
    sustainabilityPercent: 0,
    performancePercent: 100,
    resourcesPercent: 0,
  });
  const evaluation = rewarded({ ...typical, joules: undefined, p99Milliseconds: 20 }, latencyOnly);
  assert.ok(evaluation.advantage > 0);
  assert.equal(evaluation.costs.sustainability, undefined);
});

test('unknown is never best: taking a measurement away never raises the reward', () => {
  const fields: OutcomeField[] = [
    'joules',
    'requests',
    'p99Milliseconds',
    'errorRatio',
    'cpuRatio',
    'memoryRatio',
  ];
  fc.assert(
    fc.property(anyOutcome, fc.constantFrom(...fields), fc.boolean(), (outcome, field, slo) => {
      const by = slo ? withSlo : settings;
      const without = evaluate({ ...outcome, [field]: undefined }, baselines, by);
      if (without.kind === 'rewarded') {
        assert.ok(without.reward <= rewarded(outcome, by).reward + 1e-12);
      }
    }),
  );
});

test('load that nobody measures is left out for all alike', () => {
  const blind = baselinesOf({ ...typical, cpuRatio: undefined, memoryRatio: undefined });
  const evaluation = rewarded(typical, settings, blind);
  assert.equal(evaluation.costs.resources, undefined);
  assert.ok(Math.abs(evaluation.advantage) < 1e-9);
  const silent = rewarded({ ...typical, cpuRatio: undefined, memoryRatio: undefined });
  assert.equal(silent.costs.resources, LEGAL_LIMIT);
});

test('squash is 1 at the baseline, bounded, rising, and symmetric in the logarithm', () => {
  assert.equal(squash(1), 1);
  assert.equal(squash(0), 0);
  assert.equal(squash(Infinity), LEGAL_LIMIT);
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (ratio) => {
      assert.ok(Math.abs(squash(ratio) + squash(1 / ratio) - 2) < 1e-9);
      assert.ok(squash(ratio * 1.01) > squash(ratio));
    }),
  );
});
