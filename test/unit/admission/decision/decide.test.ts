// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExplorationBudget } from '#admission/remembered/budget.ts';
import { decide, type Decision } from '#admission/decision/decide.ts';
import { InFlight } from '#admission/remembered/in-flight.ts';
import { Placements } from '#admission/remembered/placements.ts';
import { SeenTargets } from '#admission/targets/seen-targets.ts';
import { TargetTotals } from '#admission/targets/target-totals.ts';
import { TARGET_LIMIT, TargetOrder } from '#admission/targets/targets.ts';
import { Trials } from '#admission/remembered/trials.ts';
import {
  incoming,
  node,
  observationOf,
  placementsIn,
  policyOf,
  shardOf,
  slimPod,
  START,
  World,
} from '../world.ts';

const STATE = 'load=unknown,least=w1,peers=(none)';

function memory() {
  return {
    inFlight: new InFlight({ entries: 100, lifetimeMilliseconds: 60_000 }),
    budget: new ExplorationBudget(),
    totals: new TargetTotals(),
    seen: new SeenTargets(),
    placements: new Placements(),
    order: new TargetOrder(),
    trials: new Trials({ workloads: 100, lifetimeMilliseconds: 60_000 }),
  };
}

function take(world: World, overrides: Partial<Parameters<typeof decide>[0]> = {}): Decision {
  return decide({
    pod: incoming({}, { name: 'frontend' }),
    policy: world.policy,
    view: world.view,
    models: world.models,
    memory: memory(),
    now: world.now,
    newId: world.newId,
    checkpoint: () => undefined,
    ...overrides,
  });
}

/** A world in which w2 is known to be best, and nothing is explored. */
function learned(): World {
  const world = new World();
  const { spec } = policyOf();
  world.policy = policyOf({
    learning: { ...spec.learning, epsilonThousandths: 0, epsilonFloorThousandths: 0 },
  });
  const row = { w1: { value: -1, weight: 50 }, w2: { value: 1, weight: 50 } };
  world.shards.set('Pod/frontend', shardOf({ cells: { [STATE]: row } }));
  return world;
}

describe('decide', () => {
  it('takes the best known target and says everything about it', () => {
    const world = learned();
    const decision = take(world);
    assert.deepEqual(decision.target, { topologyKey: 'kubernetes.io/hostname', value: 'w2' });
    assert.deepEqual(decision.record, {
      id: 'decision-1',
      decidedAt: START,
      workload: 'Pod/frontend',
      tier: 'business',
      state: STATE,
      action: 'w2',
      propensity: 1,
      holdout: false,
      policy: 'default@3',
      modelVersion: 7,
    });
    assert.equal(decision.choice.reason, 'greedy');
    assert.deepEqual(Object.keys(decision.choice.values).sort(), ['(default)', 'w1', 'w2']);
    assert.equal(decision.seed, '1/decision-1');
  });

  it('is the same for the same id, state and model', () => {
    const world = new World();
    world.shards.set('Pod/frontend', shardOf({ episodes: 0 }));
    const newId = (): string => 'fixed';
    assert.deepEqual(take(world, { newId }), take(world, { newId }));
  });

  it('leaves no trace', () => {
    const world = learned();
    const own = memory();
    take(world, { memory: own });
    assert.equal(own.inFlight.size, 0);
    assert.equal(own.budget.allows('hotel-res', 1, START), true);
  });

  it('leaves the Pod to the scheduler while the default is being measured', () => {
    const world = learned();
    world.shards.set('Pod/frontend', shardOf({ defaultSamples: 2 }));
    const decision = take(world);
    assert.equal(decision.target, undefined);
    assert.equal(decision.choice.reason, 'burn-in');
    assert.equal(decision.record.action, '(default)');
    assert.equal(decision.record.propensity, 1);
  });

  it('holds out the share that the policy says', () => {
    const world = learned();
    world.policy = policyOf({ holdoutPercent: 100 });
    const decision = take(world);
    assert.equal(decision.record.holdout, true);
    assert.equal(decision.target, undefined);
  });

  it('holds out fewer, and says so, while the saving of the workload is known', () => {
    const world = learned();
    world.policy = policyOf({
      ...world.policy.spec,
      ...{ holdoutPercent: 99, restingHoldoutThousandths: 1 },
    });
    const seen = (holdoutRests: true | undefined) => {
      const observation = observationOf({ w1: 'healthy', w2: 'healthy' });
      const one = { loadBucket: undefined, peers: [], holdoutRests };
      return { ...observation, workloads: { 'Pod/frontend': one } };
    };
    world.observation = seen(true);
    const resting = take(world);
    assert.equal(resting.draw.holdoutRatio, 0.001);
    assert.equal(resting.record.rested, true);
    assert.equal(resting.record.holdout, false);
    world.observation = seen(undefined);
    const awake = take(world);
    assert.equal(awake.draw.holdoutRatio, 0.99);
    assert.equal(awake.record.rested, undefined);
    assert.equal(awake.record.holdout, true);
    world.observation = seen(true);
    world.policy = policyOf({ ...world.policy.spec, holdoutPercent: 100 });
    const none = take(world);
    assert.equal(none.draw.holdoutRatio, 1, 'who holds everything out gets that');
    assert.equal(none.record.rested, undefined);
  });

  it('takes no rest from an observation that is too old', () => {
    const world = learned();
    const observation = observationOf({ w1: 'healthy', w2: 'healthy' });
    const one = { loadBucket: undefined, peers: [], holdoutRests: true as const };
    world.observation = { ...observation, workloads: { 'Pod/frontend': one } };
    const { staleAfterSeconds } = world.policy.spec.measurement;
    const late = take(world, { now: START + staleAfterSeconds * 1000 + 1 });
    assert.equal(late.draw.holdoutRatio, world.policy.spec.holdoutPercent / 100);
    assert.equal(late.record.rested, undefined);
  });

  it('has only the default where no target is feasible or measured', () => {
    const world = learned();
    world.observation = undefined;
    const unmeasured = take(world);
    assert.equal(unmeasured.choice.reason, 'only-default');
    assert.deepEqual(unmeasured.verdicts, [
      { target: 'w1', feasible: false, reason: 'not-measured' },
      { target: 'w2', feasible: false, reason: 'not-measured' },
    ]);
    const elsewhere = learned();
    const pod = incoming({ nodeSelector: { disk: 'ssd' } }, { name: 'frontend' });
    assert.equal(take(elsewhere, { pod }).choice.reason, 'only-default');
  });

  it('does not believe an old observation', () => {
    const world = learned();
    const { staleAfterSeconds } = world.policy.spec.measurement;
    assert.equal(take(world, { now: START + staleAfterSeconds * 1000 }).record.action, 'w2');
    const late = take(world, { now: START + staleAfterSeconds * 1000 + 1 });
    assert.equal(late.choice.reason, 'only-default');
  });

  it('never takes a best target that is unhealthy', () => {
    const world = learned();
    world.observation = observationOf({ w1: 'healthy', w2: 'zero' });
    const decision = take(world);
    assert.notEqual(decision.record.action, 'w2');
    assert.ok(!Object.hasOwn(decision.choice.values, 'w2'));
  });

  it('keeps to the targets of the policy', () => {
    const world = learned();
    world.policy = policyOf({ ...world.policy.spec, targets: ['w1', 'gone'] });
    const decision = take(world);
    assert.deepEqual(Object.keys(decision.choice.values).sort(), ['(default)', 'w1']);
    assert.deepEqual(decision.verdicts.at(1), {
      target: 'gone',
      feasible: false,
      reason: 'no-such-target',
    });
  });

  it('uses the values of the tier for a workload without its own', () => {
    const world = learned();
    const cells = world.shards.get('Pod/frontend')?.cells ?? {};
    world.shards.clear();
    world.shards.set('Pod/frontend', shardOf({ version: 1 }));
    world.shards.set('Tier/business', shardOf({ workload: 'Tier/business', cells }));
    assert.equal(take(world).record.action, 'w2');
  });

  describe('headroom', () => {
    const healthy = { health: 'healthy', cpuRatio: 0.2, memoryRatio: 0.2, watts: 100 } as const;
    const seen = { loadBucket: undefined, peers: [] };
    /** Two machines of 8 cores; the database on w1 uses so many cores, the Pod 3. */
    const loaded = (databaseCores: number, speed = 1): World => {
      const world = new World();
      const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db' };
      world.addPod(slimPod('db-0', { nodeName: 'w1', owner }));
      world.observation = observationOf(
        {},
        {
          targets: { w1: { ...healthy, speed: { ratio: speed, weight: 9 } }, w2: healthy },
          workloads: {
            'StatefulSet/db': { ...seen, referenceCores: databaseCores },
            'Pod/frontend': { ...seen, referenceCores: 3 },
          },
        },
      );
      return world;
    };
    const judged = (world: World): Decision =>
      take(world, { memory: { ...memory(), placements: placementsIn(world) } });
    const full = { target: 'w1', feasible: false, reason: 'no-headroom' };

    it('sends no Pod to a target that it would fill beyond the limit', () => {
      assert.deepEqual(judged(loaded(3.5)).verdicts[0], full);
      const below = judged(loaded(3.3));
      assert.deepEqual(below.verdicts[0], { target: 'w1', feasible: true });
      assert.deepEqual(
        judged(loaded(3.5)).choice.arms.map(({ action }) => action),
        ['(default)', 'w2'],
      );
    });

    it('counts with the speed of the machine', () => {
      assert.equal(judged(loaded(3.3, 0.9)).verdicts[0]?.feasible, false);
      assert.equal(judged(loaded(3.5, 1.2)).verdicts[0]?.feasible, true);
    });

    it('has no limit where the policy says 0, and none for what was never measured', () => {
      const world = loaded(7);
      world.policy = policyOf({ exploration: { budgetPerHour: 60, maximumCpuPercent: 0 } });
      assert.equal(judged(world).verdicts[0]?.feasible, true);
      const unknown = loaded(7);
      unknown.observation = unknown.observation && {
        ...unknown.observation,
        workloads: { 'StatefulSet/db': { ...seen, referenceCores: 7 } },
      };
      assert.equal(judged(unknown).verdicts[0]?.feasible, true);
    });

    it('keeps the emptiest target where all would be too full', () => {
      const world = loaded(4);
      world.observation = world.observation && {
        ...world.observation,
        workloads: { ...world.observation.workloads, 'Pod/frontend': { ...seen, cpuCores: 7 } },
      };
      assert.deepEqual(
        judged(world).verdicts.map(({ feasible }) => feasible),
        [false, true],
      );
    });
  });

  it('does not explore beyond its budget', () => {
    const world = new World();
    const { spec } = policyOf();
    world.policy = policyOf({
      exploration: { ...spec.exploration, budgetPerHour: 1 },
      learning: {
        ...spec.learning,
        epsilonThousandths: 1000,
        epsilonFloorThousandths: 1000,
        explorationTemperatureThousandths: 0,
      },
    });
    const row = { w1: { value: -1, weight: 50 }, w2: { value: 1, weight: 50 } };
    world.shards.set('Pod/frontend', shardOf({ cells: { [STATE]: row } }));
    const own = memory();
    const actions = (): Set<string> =>
      new Set(Array.from({ length: 60 }, () => take(world, { memory: own }).record.action));
    assert.equal(actions().size, 3);
    const explored = Array.from({ length: 60 }, () => take(world, { memory: own }));
    for (const { record, choice } of explored) {
      assert.equal(record.explored, choice.reason === 'explore' ? true : undefined);
    }
    assert.ok(explored.some(({ record }) => record.explored));
    own.budget.spend('hotel-res', 'a', START);
    assert.deepEqual([...actions()], ['w2']);
  });

  it('counts siblings on their way among equals', () => {
    const world = new World();
    const { spec } = policyOf();
    world.policy = policyOf({
      learning: { ...spec.learning, epsilonThousandths: 0, epsilonFloorThousandths: 0 },
    });
    world.shards.set('Pod/frontend', shardOf());
    const own = memory();
    const taken: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const decision = take(world, { memory: own });
      taken.push(decision.record.action);
      own.inFlight.add({
        id: decision.record.id,
        decidedAt: START,
        namespace: 'hotel-res',
        workload: 'Pod/frontend',
        topologyKey: 'kubernetes.io/hostname',
        target: decision.record.action,
        labels: {},
        requests: { cpuMillicores: 100, memoryBytes: 0 },
        requiredAntiAffinity: [],
      });
    }
    assert.equal(taken.filter((action) => action === 'w1').length, 10);
    assert.equal(taken.filter((action) => action === 'w2').length, 10);
  });

  it('gives up when its time is over', () => {
    const checkpoint = (): void => {
      throw new Error('over');
    };
    assert.throws(() => take(learned(), { checkpoint }), /over/);
  });

  it('looks at a bounded number of targets', () => {
    const names = Array.from({ length: 500 }, (_, index) => `n${String(index)}`);
    const world = new World(names.map((name) => node(name)));
    world.shards.set('Pod/frontend', shardOf());
    const decision = take(world);
    assert.equal(decision.verdicts.length, TARGET_LIMIT);
    assert.equal(Object.keys(decision.choice.values).length, TARGET_LIMIT + 1);
    assert.equal(decision.record.state, 'all');
  });
});
