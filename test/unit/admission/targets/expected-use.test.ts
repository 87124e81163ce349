// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expectedUse } from '#admission/targets/expected-use.ts';
import { InFlight } from '#admission/remembered/in-flight.ts';
import { Placements } from '#admission/remembered/placements.ts';
import { NAMESPACE, node, slimPod } from '../world.ts';

const KEY = 'example.com/pool';

/** w1 is of pool p1, w2 of p2, whose cores are twice as fast; w3 of none. */
const POOLS: Readonly<Record<string, string>> = { w1: 'p1', w2: 'p2' };

function input(cores: Readonly<Record<string, number | undefined>>) {
  const placements = new Placements();
  const inFlight = new InFlight({ entries: 100, lifetimeMilliseconds: 1000 });
  const healthy = { health: 'healthy' as const, cpuRatio: 0.1, memoryRatio: 0.1, watts: 1 };
  return {
    namespace: NAMESPACE,
    workload: 'Deployment/a',
    ownerUid: 'new',
    topologyKey: KEY,
    among: ['p1', 'p2'],
    observation: {
      workloads: Object.fromEntries(
        Object.entries(cores).map(([workload, cpuCores]) => [
          workload,
          { loadBucket: 'normal' as const, peers: [], cpuCores },
        ]),
      ),
    },
    seen: new Map([['p2', { ...healthy, speed: { ratio: 2, weight: 1 } }]]),
    placements,
    inFlight,
    view: {
      node: (name: string) => {
        const pool = POOLS[name];
        return node(name, { labels: pool === undefined ? {} : { [KEY]: pool } });
      },
    },
    now: 0,
  };
}

function add(
  { placements }: { readonly placements: Placements },
  [name, workload, nodeName]: readonly [string, string, string],
): void {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x', uid: 'old' };
  const requests = { cpuMillicores: 100, memoryBytes: 0 };
  placements.seen(slimPod(name, { uid: name, nodeName, owner, requests }), workload);
}

describe('expectedUse', () => {
  it('sums what is bound and what is on its way, in cores of the target', () => {
    const asked = input({ 'Deployment/a': 1, 'Deployment/b': 3 });
    add(asked, ['b-1', 'Deployment/b', 'w1']);
    add(asked, ['b-2', 'Deployment/b', 'w2']);
    add(asked, ['b-3', 'Deployment/b', 'w3']);
    asked.inFlight.add({
      ...{ id: '1', decidedAt: 0, namespace: NAMESPACE, workload: 'Deployment/b' },
      ...{ topologyKey: KEY, target: 'p2', labels: {}, requiredAntiAffinity: [] },
      requests: { cpuMillicores: 100, memoryBytes: 0 },
    });
    const uses = expectedUse(asked);
    assert.equal(uses?.get('p1')?.expectedMillicores, 3000);
    // Two Pods of 3 cores, half of that where cores are twice as fast.
    assert.equal(uses.get('p2')?.expectedMillicores, 3000);
    // What is on its way is not bound yet.
    assert.equal(uses.get('p2')?.requestedMillicores, 100);
  });

  it('leaves out the old Pod that the one being placed will replace, but not what it requests', () => {
    const asked = input({ 'Deployment/a': 1 });
    add(asked, ['a-1', 'Deployment/a', 'w1']);
    const use = expectedUse(asked)?.get('p1');
    assert.equal(use?.expectedMillicores, 0);
    assert.equal(use.requestedMillicores, 100);
    const other = expectedUse({ ...asked, workload: 'Deployment/c' })?.get('p1');
    assert.equal(other?.expectedMillicores, 1000);
  });

  it('does not take a workload that was never measured for an idle one', () => {
    const asked = input({ 'Deployment/a': undefined });
    add(asked, ['a-1', 'Deployment/a', 'w1']);
    assert.equal(expectedUse(asked), undefined);
    const other = input({ 'Deployment/a': undefined, 'Deployment/b': 2 });
    add(other, ['a-1', 'Deployment/a', 'w1']);
    // What nobody measured is not part of what the expectation stands in for.
    assert.equal(expectedUse(other)?.get('p1')?.requestedMillicores, 0);
  });
});
