// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareSiblings } from '#reward/sibling.ts';
import fc from 'fast-check';

const TRUTH: Readonly<Record<string, number>> = { a: 1, b: 1.5, c: 0.75 };

test('the load of the window cancels: only the truth of the targets is left', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 1000, noNaN: true }), (load) => {
      const replicas = ['a', 'b', 'b', 'c', 'c', 'c'].map((target) => ({
        target,
        cost: load * TRUTH[target]!,
      }));
      const byTarget = new Map(compareSiblings(replicas).map((one) => [one.target, one]));
      const expected = {
        a: 1 / Math.sqrt(1.5 * 0.75),
        b: 1.5 / Math.sqrt(0.75),
        c: 0.75 / Math.sqrt(1.5),
      };
      for (const [target, ratio] of Object.entries(expected)) {
        assert.ok(Math.abs(byTarget.get(target)!.ratio - ratio) < 1e-9);
      }
      assert.ok(byTarget.get('c')!.advantage > 0 && byTarget.get('b')!.advantage < 0);
      assert.equal(byTarget.get('c')!.replicas, 3);
      assert.equal(byTarget.get('c')!.siblings, 3);
    }),
  );
});

test('two targets are judged alike with opposite signs', () => {
  const [a, b] = compareSiblings([
    { target: 'a', cost: 10 },
    { target: 'b', cost: 20 },
  ]);
  assert.ok(Math.abs(a!.ratio - 0.5) < 1e-12);
  assert.ok(Math.abs(a!.advantage + b!.advantage) < 1e-12);
});

test('replicas of unknown or impossible cost are left out, not counted as free', () => {
  const unusable = [undefined, Number.NaN, 0, -1].map((cost) => ({ target: 'b', cost }));
  assert.deepEqual(compareSiblings([{ target: 'a', cost: 10 }, ...unusable]), []);
  assert.deepEqual(compareSiblings([]), []);
});
