// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewardSettings } from '#reward/settings.ts';
import fc from 'fast-check';

test('weights add up to 1 and objectives change their unit', () => {
  const settings = rewardSettings({
    sustainabilityPercent: 50,
    performancePercent: 40,
    resourcesPercent: 10,
    sloP99Milliseconds: 100,
    sloErrorThousandths: 5,
  });
  assert.deepEqual(settings.weights, { sustainability: 0.5, performance: 0.4, resources: 0.1 });
  assert.equal(settings.sloP99Milliseconds, 100);
  assert.equal(settings.sloErrorRatio, 0.005);
});

test('whatever the percents, the weights add up to 1', () => {
  const percent = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(percent, percent, fc.integer({ min: 1, max: 100 }), (a, b, c) => {
      const { weights } = rewardSettings({
        sustainabilityPercent: a,
        performancePercent: b,
        resourcesPercent: c,
      });
      const sum = weights.sustainability + weights.performance + weights.resources;
      assert.ok(Math.abs(sum - 1) < 1e-12);
    }),
  );
});

test('unusable weights are refused', () => {
  const zero = { sustainabilityPercent: 0, performancePercent: 0, resourcesPercent: 0 };
  assert.throws(() => rewardSettings(zero), RangeError);
  assert.throws(
    () => rewardSettings({ ...zero, performancePercent: -1, resourcesPercent: 5 }),
    RangeError,
  );
});
