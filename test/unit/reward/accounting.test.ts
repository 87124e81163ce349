// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amortise, chargedJoules } from '#reward/accounting.ts';
import fc from 'fast-check';

const joules = fc.double({ min: 1e-3, max: 1e9, noNaN: true });

test('amortised shares add up to the energy of the node', () => {
  fc.assert(
    fc.property(joules, fc.array(joules, { minLength: 1, maxLength: 200 }), (node, pods) => {
      const shares = amortise(node, new Map(pods.map((value, index) => [index, value])));
      assert.equal(shares.size, pods.length);
      const sum = [...shares.values()].reduce((total, share) => total + share, 0);
      assert.ok(Math.abs(sum - node) <= 1e-9 * node, `${sum} != ${node}`);
    }),
  );
});

test('amortised shares keep the proportions that Kepler attributes', () => {
  const shares = amortise(
    140,
    new Map([
      ['a', 30],
      ['b', 10],
    ]),
  );
  assert.deepEqual(
    shares,
    new Map([
      ['a', 105],
      ['b', 35],
    ]),
  );
});

test('a Pod of unknown energy has no share, and the others share the node', () => {
  const shares = amortise(
    100,
    new Map([
      ['a', 30],
      ['b', undefined],
      ['c', Number.NaN],
    ]),
  );
  assert.deepEqual(shares, new Map([['a', 100]]));
});

test('attributed energy is what Kepler says', () => {
  const energy = { podJoules: 5, attributedJoules: undefined, nodeJoules: undefined };
  assert.equal(chargedJoules('Attributed', energy), 5);
  assert.equal(chargedJoules('Amortised', energy), undefined);
});

test('what is unknown or impossible is charged to nobody, and never as 0', () => {
  const known = { podJoules: 5, attributedJoules: 10, nodeJoules: 100 };
  assert.equal(chargedJoules('Amortised', known), 50);
  for (const wrong of [
    { ...known, podJoules: undefined },
    { ...known, podJoules: Number.NaN },
    { ...known, podJoules: -1 },
    { ...known, podJoules: 11 },
    { ...known, attributedJoules: 0 },
    { ...known, nodeJoules: undefined },
    { ...known, nodeJoules: -1 },
  ]) {
    assert.equal(chargedJoules('Amortised', wrong), undefined);
  }
  assert.equal(chargedJoules('Attributed', { ...known, podJoules: undefined }), undefined);
});
