// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updateBaselines } from '#reward/baseline.ts';
import { carbonGrams } from '#reward/carbon.ts';
import { rawCosts } from '#reward/costs.ts';
import { evaluate } from '#reward/reward.ts';
import { rewardSettings } from '#reward/settings.ts';

const policy = {
  sustainabilityPercent: 50,
  performancePercent: 40,
  resourcesPercent: 10,
} as const;

function outcome(joules: number, intensity: number | undefined) {
  return {
    joules,
    gramsCo2e: carbonGrams(joules, intensity),
    requests: 1000,
    p99Milliseconds: 10,
    errorRatio: 0,
    cpuRatio: undefined,
    memoryRatio: undefined,
  };
}

test('a kilowatt-hour at 400 g/kWh is 400 g; unknown and impossible are not 0', () => {
  assert.equal(carbonGrams(3.6e6, 400), 400);
  assert.equal(carbonGrams(3.6e6, 0), 0);
  for (const [joules, intensity] of [
    [undefined, 400],
    [1, undefined],
    [Number.NaN, 400],
    [1, -1],
    [-1, 400],
  ] as const) {
    assert.equal(carbonGrams(joules, intensity), undefined);
  }
});

test('in grams the cleaner zone wins although it takes more energy; in joules it loses', () => {
  let baselines = {};
  for (let i = 0; i < 5; i += 1) {
    baselines = updateBaselines(baselines, rawCosts(outcome(1000, 400)));
  }
  const judge = (unit: 'Joules' | 'GramsCO2e', joules: number, intensity: number): number => {
    const evaluation = evaluate(outcome(joules, intensity), baselines, {
      ...rewardSettings({ ...policy, unit }),
    });
    assert.ok(evaluation.kind === 'rewarded');
    return evaluation.advantage;
  };
  assert.ok(judge('GramsCO2e', 1200, 50) > 0.3);
  assert.ok(judge('Joules', 1200, 50) < 0);
  assert.ok(judge('GramsCO2e', 800, 800) < 0);
  assert.ok(judge('Joules', 800, 800) > 0);
});

test('each unit has a baseline of its own: without an intensity there is no reward in grams', () => {
  let baselines = {};
  for (let i = 0; i < 5; i += 1) {
    baselines = updateBaselines(baselines, rawCosts(outcome(1000, undefined)));
  }
  assert.deepEqual(Object.keys(baselines).sort(), [
    'errorRatio',
    'joulesPerRequest',
    'p99Milliseconds',
  ]);
  const settings = rewardSettings({ ...policy, unit: 'GramsCO2e' });
  const unknown = evaluate(outcome(1000, undefined), baselines, settings);
  assert.ok(unknown.kind === 'censored' && unknown.reason === 'no-energy', JSON.stringify(unknown));
  const fresh = evaluate(outcome(1000, 400), baselines, settings);
  assert.ok(fresh.kind === 'censored' && fresh.reason === 'no-baseline');
});

test('where no request succeeded clean power makes nothing good', () => {
  let baselines = {};
  for (let i = 0; i < 5; i += 1) {
    baselines = updateBaselines(baselines, rawCosts(outcome(1000, 400)));
  }
  const settings = rewardSettings({ ...policy, unit: 'GramsCO2e' });
  const failed = evaluate({ ...outcome(1000, 0), errorRatio: 1 }, baselines, settings);
  assert.ok(failed.kind === 'rewarded');
  assert.equal(failed.costs.sustainability, 2);
  assert.ok(failed.advantage < -0.5, String(failed.advantage));
  const served = evaluate(outcome(1000, 0), baselines, settings);
  assert.ok(served.kind === 'rewarded');
  assert.equal(served.costs.sustainability, 0);
});
