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

test('Marginal charges the slope times the share of the node, and adds up to it', () => {
  const node = { attributedJoules: 1000, nodeJoules: 6000, utilisation: 0.5, seconds: 60 };
  const charge = (podJoules: number): number | undefined =>
    chargedJoules('Marginal', { ...node, podJoules, marginalWatts: 100 });
  // A quarter of what is attributed is an eighth of the node: 12.5 W for 60 s.
  assert.equal(charge(250), 100 * 0.125 * 60);
  assert.equal((charge(250) ?? 0) + (charge(750) ?? 0), 100 * 0.5 * 60);
  assert.equal(charge(1100), undefined);
});

test('Marginal needs slope, utilisation and window, and takes none of them for 0', () => {
  const full = { podJoules: 1, attributedJoules: 2, nodeJoules: 3, utilisation: 0.5, seconds: 60 };
  assert.equal(chargedJoules('Marginal', { ...full, marginalWatts: undefined }), undefined);
  assert.equal(chargedJoules('Marginal', { ...full, marginalWatts: Number.NaN }), undefined);
  const sloped = { ...full, marginalWatts: 10 };
  for (const missing of ['utilisation', 'seconds', 'attributedJoules', 'podJoules']) {
    assert.equal(chargedJoules('Marginal', { ...sloped, [missing]: undefined }), undefined);
  }
  assert.ok((chargedJoules('Marginal', sloped) ?? 0) > 0);
});

test('which node is cheapest depends on the accounting: the numbers of a published server', () => {
  // Lenovo SR655, 64 cores: joules of one core-second at 10, 50 and 100 % load.
  const curve = [52.5, 98.5, 109, 120, 130, 140, 150, 161, 172, 196, 228];
  const perCoreSecond = (accounting: 'Attributed' | 'Amortised' | 'Marginal', tenths: number) => {
    const watts = curve[tenths]!;
    const utilisation = tenths / 10;
    // Kepler from 0.10 on: a Pod of one core has P/N, all Pods together P u.
    return chargedJoules(accounting, {
      podJoules: watts / 64,
      attributedJoules: watts * utilisation,
      nodeJoules: watts,
      utilisation,
      marginalWatts: (watts - curve[tenths - 1]!) / 0.1,
      seconds: 1,
    })!;
  };
  const table = (['Attributed', 'Amortised', 'Marginal'] as const).map((accounting) =>
    [1, 5, 10].map((tenths) => Number(perCoreSecond(accounting, tenths).toFixed(2))),
  );
  assert.deepEqual(table, [
    [1.54, 2.19, 3.56],
    [15.39, 4.38, 3.56],
    [7.19, 1.56, 5],
  ]);
});
