// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { placeAll } from '#cli/simulate/rollout.ts';
import { Planner } from '#simulator/trial/planner.ts';
import { Random } from '#simulator/random/random.ts';
import { comparatorOf, PayingScheduler, payingName } from '../../../bench/learning/paying.ts';
import { groundOf } from '../../../bench/learning/plan.ts';
import { isLearner } from '../../../bench/learning/run.ts';

const { world } = groundOf({ application: 'bookinfo', cluster: 'mixed' });

/** Everything on one machine: a Pod that is elsewhere was held out. */
const packed: PlacementScheduler = {
  order: world.application.manifestOrder,
  pins: Object.fromEntries(
    world.application.services.map(({ name }) => [
      name,
      { nodeSelector: { 'kubernetes.io/hostname': 'r710' } },
    ]),
  ),
  place: () => 'r710',
};

function placements(scheduler: PlacementScheduler, rollouts: number): string[] {
  const random = new Random(1, 'placement');
  return Array.from({ length: rollouts }, () => {
    const planner = new Planner(world);
    placeAll(scheduler, { planner, random, utilisation: {} });
    return planner.placed.map(({ name, node }) => `${name}@${node}`);
  }).flat();
}

test('a comparator that pays leaves its share to the stock scheduler, whatever it pinned', () => {
  const found = placements(new PayingScheduler(world, packed, { share: 0.5, seed: 7 }), 200);
  const elsewhere = found.filter((one) => !one.endsWith('@r710')).length / found.length;
  // Half is held out, and of these the scheduler sends some to the machine in question as well.
  assert.ok(elsewhere > 0.25 && elsewhere < 0.5, `${elsewhere}`);
  assert.ok(found.some((one) => one.endsWith('@tx1320')));
  assert.ok(found.some((one) => one.endsWith('@r240')));
});

test('with nothing held out it is the comparator, and a seed holds out the same Pods again', () => {
  const paying = (share: number, seed: number): PayingScheduler =>
    new PayingScheduler(world, packed, { share, seed });
  assert.ok(placements(paying(0, 7), 20).every((one) => /@r710$/.test(one)));
  const runs = [1, 2].map(() => placements(paying(0.02, 7), 50));
  assert.deepEqual(runs[0], runs[1]);
  assert.notDeepEqual(placements(paying(0.02, 8), 50), runs[0]);
});

test('names tell a paying comparator, and it learns if the comparator does', () => {
  assert.equal(comparatorOf(payingName('peaks')), 'peaks');
  assert.equal(comparatorOf('agent-holdout-0'), undefined);
  assert.equal(isLearner(payingName('linear-thompson')), true);
  assert.equal(isLearner(payingName('peaks')), false);
});
