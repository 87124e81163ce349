// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCourse } from '../../../bench/learning/course.ts';
import { Arena, WINDOWS } from '../../../bench/learning/arena.ts';
import { bestTemplate, templateScheduler } from '../../../bench/learning/hindsight.ts';
import { groundOf } from '../../../bench/learning/plan.ts';
import { templatesOf } from '../../../bench/learning/templates.ts';

void test('the template chosen with hindsight costs no more than any other on other placements', () => {
  const { world } = groundOf({ application: 'bookinfo', cluster: 'mixed' });
  const arena = new Arena(world);
  const best = bestTemplate(arena);
  const leg = { arena, rollouts: WINDOWS, oracle: [] };
  const costOf = (template: typeof best): number => {
    const steps = runCourse(templateScheduler(arena, template), [leg], 1);
    return steps.reduce((sum, { cost }) => sum + cost, 0) / steps.length;
  };
  const costs = new Map(templatesOf(world).map((one) => [one.name, costOf(one)]));
  const own = costs.get(best.name) ?? NaN;
  const least = Math.min(...costs.values());
  assert.ok(own <= 1.02 * least, `${best.name}: ${own}; ${JSON.stringify([...costs])}`);
  assert.ok(own < 0.9, `${own}: the default scheduler's mean is 1`);
});
