// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator } from '#agent/terms/random.ts';
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

test('the comparison is unbiased: under equal targets it tells 0 on average, in every load', () => {
  const random = createGenerator('siblings');
  const noise = (): number => Math.exp(0.3 * (random.next() + random.next() + random.next() - 1.5));
  let sum = 0;
  let squares = 0;
  const runs = 4000;
  for (let run = 0; run < runs; run += 1) {
    const load = 10 ** (4 * random.next() - 2);
    const replicas = ['a', 'a', 'a', 'b'].map((target) => ({ target, cost: load * noise() }));
    const advantage = compareSiblings(replicas).find(({ target }) => target === 'b')!.advantage;
    sum += advantage;
    squares += advantage * advantage;
  }
  const mean = sum / runs;
  const error = Math.sqrt(squares / runs - mean * mean) / Math.sqrt(runs);
  assert.ok(Math.abs(mean) < 3 * error, `${mean} +- ${error}`);
});

test('the comparison is unbiased: a known difference comes back, whatever the number of replicas', () => {
  const random = createGenerator('siblings 2');
  for (const [b, a] of [
    [1, 5],
    [5, 1],
    [3, 3],
  ] as const) {
    let logarithms = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run += 1) {
      const load = 10 ** (4 * random.next() - 2);
      const cost = (truth: number): number =>
        load * truth * Math.exp(0.3 * (random.next() + random.next() + random.next() - 1.5));
      const replicas = [
        ...Array.from({ length: a }, () => ({ target: 'a', cost: cost(1) })),
        ...Array.from({ length: b }, () => ({ target: 'b', cost: cost(0.8) })),
      ];
      const { ratio } = compareSiblings(replicas).find(({ target }) => target === 'b')!;
      logarithms += Math.log(ratio);
    }
    const ratio = Math.exp(logarithms / runs);
    assert.ok(Math.abs(ratio - 0.8) < 0.01, `${b} against ${a}: ${ratio}`);
  }
});
