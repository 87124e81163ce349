// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Placements } from '#admission/remembered/placements.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { NAMESPACE, slimPod, START } from '../world.ts';

const DB = 'StatefulSet/db';

function pod(
  name: string,
  nodeName: string | undefined,
  overrides: Partial<SlimPod> = {},
): SlimPod {
  return slimPod(name, { uid: name, nodeName, ...overrides });
}

function ownedBy(uid: string, createdAt: number): Partial<SlimPod> {
  return { owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: uid, uid }, createdAt };
}

function remaining(placements: Placements, owner?: string): Record<string, number> {
  return Object.fromEntries(placements.remaining(NAMESPACE, DB, owner));
}

describe('Placements', () => {
  it('counts bound Pods of a workload by node', () => {
    const placements = new Placements();
    placements.seen(pod('a', 'w1'), DB);
    placements.seen(pod('b', 'w1'), DB);
    placements.seen(pod('c', 'w2'), DB);
    placements.seen(pod('d', undefined), DB);
    placements.seen(pod('e', 'w2', { phase: 'Failed' }), DB);
    placements.seen(pod('f', 'w2', { deletedAt: START }), DB);
    placements.seen(pod('g', 'w2'), 'StatefulSet/web');
    assert.deepEqual(remaining(placements), { w1: 2, w2: 1 });
    assert.equal(placements.remaining(NAMESPACE, 'StatefulSet/none').size, 0);
    assert.equal(placements.remaining('other', DB).size, 0);
  });

  it('follows a Pod that is bound, finishes or goes', () => {
    const placements = new Placements();
    placements.seen(pod('a', undefined), DB);
    assert.deepEqual(remaining(placements), {});
    placements.seen(pod('a', 'w1'), DB);
    assert.deepEqual(remaining(placements), { w1: 1 });
    placements.seen(pod('a', 'w1', { deletedAt: START }), DB);
    assert.deepEqual(remaining(placements), {});
    placements.seen(pod('b', 'w2'), DB);
    placements.gone(pod('b', 'w2'));
    placements.gone(pod('b', 'w2'));
    assert.deepEqual(remaining(placements), {});
  });

  it('counts a Pod once, whose controller became known only later', () => {
    const placements = new Placements();
    placements.seen(pod('a', 'w1'), 'ReplicaSet/db-abc');
    placements.seen(pod('a', 'w1'), DB);
    assert.deepEqual(remaining(placements), { w1: 1 });
    assert.equal(placements.remaining(NAMESPACE, 'ReplicaSet/db-abc').size, 0);
  });

  it('leaves out old Pods as new ones replace them', () => {
    const placements = new Placements();
    for (const [index, node] of ['w1', 'w1', 'w1', 'w2'].entries()) {
      placements.seen(pod(`old-${String(index)}`, node, ownedBy('old', START + index)), DB);
    }
    assert.deepEqual(remaining(placements), { w1: 3, w2: 1 });
    // The first Pod of a new ReplicaSet is being placed: one old Pod less, the oldest.
    assert.deepEqual(remaining(placements, 'new'), { w1: 2, w2: 1 });
    placements.seen(pod('new-0', 'w2', ownedBy('new', START + 9000)), DB);
    assert.deepEqual(remaining(placements), { w1: 2, w2: 2 });
    assert.deepEqual(remaining(placements, 'new'), { w1: 1, w2: 2 });
    for (const index of [1, 2, 3]) {
      placements.seen(pod(`new-${String(index)}`, 'w2', ownedBy('new', START + 9000)), DB);
    }
    assert.deepEqual(remaining(placements), { w2: 4 });
    // What is requested stays until the old Pods are gone.
    const requested = placements.requested(NAMESPACE, DB);
    assert.deepEqual([...requested.keys()].sort(), ['w1', 'w2']);
  });

  it('says at any time what it would say had it only now seen the Pods that are there', () => {
    const owners = ['old', 'new'];
    const workloads = [DB, 'StatefulSet/web'];
    const step = fc.record({
      uid: fc.integer({ min: 0, max: 8 }),
      workload: fc.constantFrom(...workloads),
      owner: fc.constantFrom(...owners),
      createdAt: fc.integer({ min: 0, max: 3 }),
      nodeName: fc.option(fc.constantFrom('w1', 'w2', 'w3'), { nil: undefined }),
      millicores: fc.integer({ min: 0, max: 3 }),
      gone: fc.boolean(),
    });
    let told = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const placements = new Placements();
        const there = new Map<string, { one: SlimPod; workload: string }>();
        for (const { uid, workload, owner, createdAt, nodeName, millicores, gone } of steps) {
          const one = pod(`${uid}`, nodeName, {
            ...ownedBy(owner, createdAt),
            requests: { cpuMillicores: millicores, memoryBytes: 0 },
          });
          if (gone || there.get(one.uid)?.workload !== workload) there.delete(one.uid);
          if (gone) placements.gone(one);
          else {
            placements.seen(one, workload);
            there.set(one.uid, { one, workload });
          }
          const fresh = new Placements();
          for (const other of there.values()) fresh.seen(other.one, other.workload);
          for (const asked of workloads) {
            for (const incoming of [undefined, ...owners, 'newest']) {
              const found = placements.remaining(NAMESPACE, asked, incoming);
              assert.deepEqual(found, fresh.remaining(NAMESPACE, asked, incoming));
              told += found.size;
            }
            const requested = placements.requested(NAMESPACE, asked);
            assert.deepEqual(requested, fresh.requested(NAMESPACE, asked));
          }
        }
      }),
    );
    assert.ok(told > 1000, `only ${told} places told`);
  });
});
