// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expectedUse } from '#admission/targets/expected-use.ts';
import { InFlight } from '#admission/remembered/in-flight.ts';
import { SeenTargets } from '#admission/targets/seen-targets.ts';
import { stateOf } from '#admission/decision/state-of.ts';
import { TargetTotals } from '#admission/targets/target-totals.ts';
import { NAMESPACE, node, observationOf, placementsIn, slimPod, World } from '../world.ts';

const KEY = 'kubernetes.io/hostname';

function state(
  world: World,
  targets: string[],
  prepare?: (inFlight: InFlight) => void,
  feasible = targets,
): string {
  const inFlight = new InFlight({ entries: 100, lifetimeMilliseconds: 60_000 });
  prepare?.(inFlight);
  const { observation, view, now } = world;
  const pod = { namespace: NAMESPACE, workload: 'Deployment/frontend', ownerUid: '' };
  const common = { ...pod, topologyKey: KEY, inFlight, placements: placementsIn(world), view, now };
  return stateOf({
    ...common,
    uses:
      observation &&
      expectedUse({
        ...common,
        among: feasible,
        observation,
        seen: new SeenTargets().of(observation),
      }),
    targetCount: targets.length,
    feasible,
    nodesByTarget: view.nodesByLabel(KEY),
    observation,
    totals: new TargetTotals(),
  });
}

function seen(
  world: World,
  loadBucket: 'low' | 'normal' | 'high' | undefined,
  peers: string[],
): void {
  world.observation = observationOf(
    { w1: 'healthy', w2: 'healthy' },
    { workloads: { 'Deployment/frontend': { loadBucket, peers } } },
  );
}

function busy(world: World, name: string, nodeName: string): void {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db' };
  world.addPod(
    slimPod(name, { nodeName, owner, requests: { cpuMillicores: 4000, memoryBytes: 0 } }),
  );
}

describe('stateOf', () => {
  it('says load, least-pressured target and where the peers are', () => {
    const world = new World();
    seen(world, 'high', ['StatefulSet/db']);
    busy(world, 'db-0', 'w1');
    assert.equal(state(world, ['w1', 'w2']), 'load=high,least=w2,peers=w1');
  });

  it('passes over a target that the Pod cannot go to, however idle it is', () => {
    const world = new World();
    seen(world, 'low', []);
    busy(world, 'db-0', 'w2');
    assert.match(state(world, ['w1', 'w2']), /least=w1/);
    assert.match(state(world, ['w1', 'w2'], undefined, ['w2']), /least=w2/);
    assert.match(state(world, ['w1', 'w2'], undefined, []), /least=\(none\)/);
  });

  it('says unknown and none where nothing is known', () => {
    const world = new World();
    world.observation = undefined;
    assert.match(state(world, ['w1', 'w2']), /^load=unknown,least=w1,peers=\(none\)$/);
    assert.equal(state(new World([]), []), 'load=unknown,least=(none),peers=(none)');
  });

  it('counts Pods on their way into pressure and peers', () => {
    const world = new World();
    seen(world, 'low', ['Deployment/backend']);
    const result = state(world, ['w1', 'w2'], (inFlight) =>
      inFlight.add({
        id: 'd',
        decidedAt: world.now,
        namespace: NAMESPACE,
        workload: 'Deployment/backend',
        topologyKey: KEY,
        target: 'w1',
        labels: {},
        requests: { cpuMillicores: 6000, memoryBytes: 0 },
        requiredAntiAffinity: [],
      }),
    );
    assert.equal(result, 'load=low,least=w2,peers=w1');
  });

  it('never calls a target least that is not measured while another is', () => {
    const world = new World();
    world.observation = observationOf({ w1: 'stale', w2: 'healthy' });
    busy(world, 'db-0', 'w2');
    assert.match(state(world, ['w1', 'w2']), /least=w2/);
  });

  it('leaves out features that many targets leave no room for', () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => `w${String(i)}`);
    const world = new World(names(100).map((name) => node(name)));
    seen(world, 'normal', []);
    assert.equal(state(world, names(4)), 'load=normal,least=w1');
    assert.equal(state(world, names(5)), 'least=w1');
    assert.equal(state(world, names(11)), 'load=normal');
    assert.equal(state(world, names(100)), 'all');
  });

  it('goes by what Pods use where that is measured, and not by what they request', () => {
    const world = new World();
    const use = { peers: [], loadBucket: undefined };
    world.observation = observationOf(
      { w1: 'healthy', w2: 'healthy' },
      { workloads: { 'StatefulSet/db': { ...use, cpuCores: 0.1 } } },
    );
    // By requests w1 is the busier one; the database there uses next to nothing.
    busy(world, 'db-0', 'w1');
    world.addPod(
      slimPod('other', { nodeName: 'w2', requests: { cpuMillicores: 900, memoryBytes: 0 } }),
    );
    assert.match(state(world, ['w1', 'w2']), /least=w1,/);
    world.observation = observationOf(
      { w1: 'healthy', w2: 'healthy' },
      { workloads: { 'StatefulSet/db': { ...use, cpuCores: 3 } } },
    );
    assert.match(state(world, ['w1', 'w2']), /least=w2,/);
  });

  it('knows that the same Pod takes more of a slower machine', () => {
    const world = new World();
    const use = { peers: [], loadBucket: undefined };
    const healthy = { health: 'healthy', cpuRatio: 0.2, memoryRatio: 0.2, watts: 100 } as const;
    const withSpeed = (ratio: number): void => {
      world.observation = observationOf(
        {},
        {
          targets: { w1: { ...healthy, speed: { ratio, weight: 9 } }, w2: healthy },
          workloads: { 'StatefulSet/db': { ...use, cpuCores: 9, referenceCores: 2 } },
        },
      );
    };
    busy(world, 'db-0', 'w1');
    world.addPod(
      slimPod('other', { nodeName: 'w2', requests: { cpuMillicores: 2500, memoryBytes: 0 } }),
    );
    withSpeed(1);
    assert.match(state(world, ['w1', 'w2']), /least=w1,/);
    withSpeed(0.5);
    assert.match(state(world, ['w1', 'w2']), /least=w2,/);
  });

  it('does not let a Pod that is being replaced count twice', () => {
    const world = new World();
    const use = { peers: [], loadBucket: undefined };
    world.observation = observationOf(
      { w1: 'healthy', w2: 'healthy' },
      { workloads: { 'Deployment/api': { ...use, cpuCores: 2 } } },
    );
    const owned = (uid: string, createdAt: number) => ({
      owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `api-${uid}`, uid },
      labels: { 'pod-template-hash': uid },
      createdAt,
    });
    world.addPod(slimPod('api-old', { nodeName: 'w1', ...owned('old', world.now) }));
    assert.match(state(world, ['w1', 'w2']), /least=w2,/);
    world.addPod(slimPod('api-new', { nodeName: 'w2', ...owned('new', world.now + 1000) }));
    assert.match(state(world, ['w1', 'w2']), /least=w1,/);
  });
});
