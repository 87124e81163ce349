// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Siblings } from '#admission/siblings.ts';

describe('Siblings', () => {
  it('counts Pods by workload and target, whatever comes and goes', () => {
    const workloads = ['Deployment/a', 'Deployment/b', 'Deployment/c'];
    const targets = ['w1', 'w2', 'constructor'];
    const step = fc.record({
      workload: fc.constantFrom(...workloads),
      target: fc.constantFrom(...targets),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const siblings = new Siblings();
        const counts = new Map<string, number>();
        for (const { workload, target, add } of steps) {
          const key = `${workload} ${target}`;
          const count = counts.get(key) ?? 0;
          if (add) siblings.add(workload, target);
          else siblings.remove(workload, target);
          counts.set(key, Math.max(0, count + (add ? 1 : -1)));
          for (const one of workloads) {
            const expected = targets.flatMap((name): [string, number][] => {
              const pods = counts.get(`${one} ${name}`) ?? 0;
              return pods === 0 ? [] : [[name, pods]];
            });
            const found = siblings.of(one);
            assert.deepEqual(new Map(found), new Map(expected));
            for (const name of targets) {
              assert.equal(found.get(name) ?? 0, counts.get(`${one} ${name}`) ?? 0);
            }
          }
          const used = targets.filter((name) =>
            workloads.some((one) => (counts.get(`${one} ${name}`) ?? 0) > 0),
          );
          assert.equal(siblings.size, used.length);
        }
      }),
    );
  });
});
