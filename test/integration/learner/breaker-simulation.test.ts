// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { AgentScheduler } from '#cli/simulate/agent-scheduler.ts';
import { RolloutRunner } from '#cli/simulate/rollout.ts';
import { figuresOf, referenceJudge } from '#cli/simulate/run.ts';
import { defaultScheduler } from '#cli/simulate/static-schedulers.ts';
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { readSpecification } from '#cli/simulate/read-specification.ts';
import { withLoad, worldOf, type World } from '#cli/simulate/world.ts';

/*
 * The standard simulation: the microservices of hotelReservation on three unequal machines, 500
 * requests per second, an objective of 100 ms for the 99th percentile. What is counted are windows
 * of the whole application as its users see it, which neither the agent nor its breaker does.
 */

const STANDARD = fileURLToPath(
  new URL('../../../simulations/hotel-reservation-mixed.yaml', import.meta.url),
);

/** Windows in a row that missed the objective. */
function missed(runner: RolloutRunner, world: World, windows: number): number {
  const judge = referenceJudge(world);
  let count = 0;
  for (let n = 0; n < windows; n += 1) {
    if (figuresOf(runner.next().trial.interval, judge).sloBreached) count += 1;
  }
  return count;
}

/** The same world at so many requests per second. */
function at(world: World, requestsPerSecond: number): World {
  return withLoad(world, { kind: 'open', requestsPerSecond });
}

void test('at most 1 % of the windows miss the objective while the agent learns', (context) => {
  const world = worldOf(readSpecification(STANDARD));
  const seeds = [1, 2, 3];
  const rollouts = 100;
  let breaches = 0;
  let sent = 0;
  for (const seed of seeds) {
    const options = { policy: world.policy, centred: true, breaker: true };
    const agent = new AgentScheduler(world, options, `standard/${seed}`);
    breaches += missed(new RolloutRunner(world, agent, seed), world, rollouts);
    sent += agent.asked;
  }
  context.diagnostic(`${breaches} of ${seeds.length * rollouts} windows, ${sent} Pods sent`);
  assert.ok(sent > 1000, `only ${sent} Pods were sent anywhere`);
  assert.ok(breaches <= 0.01 * seeds.length * rollouts, `${breaches} windows`);
});

void describe('a standard simulation that turns bad', () => {
  const CALM = 150;
  const SURGE = 1200;
  const LEARNED = 120;
  const BAD = 40;
  const SEEDS = [1, 2, 3, 4];

  /**
   * A policy that knows one machine, which holds everything at night; and an agent that is slow to
   * change its mind.
   */
  function policyOf(spec: PolicySpec): PolicySpec {
    const learning = { ...spec.learning, stepFloorThousandths: 1 };
    return { ...spec, targets: ['r240'], learning };
  }

  /** Windows that missed the objective after eight times as many users came. */
  function afterSurge(seed: number, breaker: boolean | 'default scheduler'): number {
    const standard = worldOf(readSpecification(STANDARD));
    const policy = policyOf(standard.policy);
    const calm = at({ ...standard, policy }, CALM);
    const surge = at({ ...standard, policy }, SURGE);
    let scheduler: PlacementScheduler = defaultScheduler(surge);
    if (breaker !== 'default scheduler') {
      const agent = new AgentScheduler(calm, { policy, centred: true, breaker }, `surge/${seed}`);
      assert.equal(missed(new RolloutRunner(calm, agent, seed), calm, LEARNED), 0);
      agent.changed(surge);
      scheduler = agent;
    }
    return missed(new RolloutRunner(surge, scheduler, seed, LEARNED), surge, BAD);
  }

  void test('the breaker bounds the windows that miss the objective', (context) => {
    const sum = (breaker: boolean | 'default scheduler'): number =>
      SEEDS.reduce((total, seed) => total + afterSurge(seed, breaker), 0);
    const defaults = sum('default scheduler');
    const on = sum(true);
    const off = sum(false);
    const text = `${on} with, ${off} without, ${defaults} under the default scheduler`;
    context.diagnostic(`of ${SEEDS.length * BAD} windows: ${text}`);
    assert.ok(defaults <= 0.02 * SEEDS.length * BAD, text);
    assert.ok(off >= 0.25 * SEEDS.length * BAD, `not a bad world: ${text}`);
    assert.ok(on <= off / 2, text);
  });
});
