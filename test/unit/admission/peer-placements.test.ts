// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerPlacements } from '#admission/peer-placements.ts';
import { NAMESPACE, slimPod, START, World } from './world.ts';

function ofSet(name: string, set: string, nodeName: string | undefined, overrides = {}) {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: set, uid: set };
  return slimPod(name, { owner, nodeName, ...overrides });
}

describe('PeerPlacements', () => {
  it('counts bound Pods of a workload by node', () => {
    const world = new World();
    world.addPod(ofSet('db-0', 'db', 'w1'));
    world.addPod(ofSet('db-1', 'db', 'w1'));
    world.addPod(ofSet('db-2', 'db', 'w2'));
    world.addPod(ofSet('db-3', 'db', undefined));
    world.addPod(ofSet('db-4', 'db', 'w2', { phase: 'Failed' }));
    world.addPod(ofSet('db-5', 'db', 'w2', { deletedAt: START }));
    world.addPod(ofSet('web-0', 'web', 'w2'));
    const placed = new PeerPlacements().of(NAMESPACE, 'StatefulSet/db', world.view, START);
    assert.deepEqual(Object.fromEntries(placed), { w1: 2, w2: 1 });
    const nobody = new PeerPlacements().of(NAMESPACE, 'StatefulSet/none', world.view, START);
    assert.equal(nobody.size, 0);
  });

  it('looks again after a second', () => {
    const world = new World();
    const placements = new PeerPlacements();
    const count = (now: number) => placements.of(NAMESPACE, 'StatefulSet/db', world.view, now).size;
    assert.equal(count(START), 0);
    world.addPod(ofSet('db-0', 'db', 'w1'));
    assert.equal(count(START + 999), 0);
    assert.equal(count(START + 1000), 1);
  });

  it('keeps namespaces apart, and not too many of them', () => {
    const world = new World();
    world.addPod(ofSet('db-0', 'db', 'w1'));
    const placements = new PeerPlacements();
    assert.equal(placements.of('other', 'StatefulSet/db', world.view, START).size, 0);
    for (let index = 0; index < 300; index += 1) {
      placements.of(`ns-${String(index)}`, 'StatefulSet/db', world.view, START);
    }
    assert.equal(placements.of(NAMESPACE, 'StatefulSet/db', world.view, START).size, 1);
  });
});
