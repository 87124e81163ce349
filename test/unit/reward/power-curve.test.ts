// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createGenerator, type Generator } from '#agent/terms/random.ts';
import { isotonic } from '#reward/isotonic.ts';
import { fitPowerCurve, type FittedCurve } from '#reward/power-curve.ts';
import { POINTS, type PowerCurve, updatePowerCurve } from '#reward/power-points.ts';
import { GENERAL_SHAPE, machineShape } from '#reward/power-prior.ts';
import { concaveCurve, linearCurve, wattsAt } from '#simulator/machines/power-curve.ts';
import { MIXED_MACHINES } from '#simulator/machines/machines.ts';
import fc from 'fast-check';

/** Watts at 0, 10, ..., 100 %: published servers and the forms of the simulator. */
const CURVES: readonly (readonly [string, readonly number[]])[] = [
  ...MIXED_MACHINES.map(({ model, curve }) => [model, curve] as const),
  ['lenovo-sr655', [52.5, 98.5, 109, 120, 130, 140, 150, 161, 172, 196, 228]],
  ['concave', concaveCurve(40, 160)],
  ['linear', linearCurve(60, 200)],
];

/** Standard normal, by the sum of twelve. */
function normal(random: Generator): number {
  let sum = -6;
  for (let i = 0; i < 12; i += 1) sum += random.next();
  return sum;
}

function learned(
  curve: readonly number[],
  how: { readonly samples: number; readonly noise: number; readonly seed: string },
): PowerCurve {
  const random = createGenerator(how.seed);
  let points: PowerCurve | undefined;
  for (let i = 0; i < how.samples; i += 1) {
    const utilisation = random.next();
    const watts = wattsAt(curve, utilisation) * (1 + how.noise * normal(random));
    points = updatePowerCurve(points, { utilisation, watts, weight: 1 });
  }
  return points ?? [];
}

function fit(points: PowerCurve): FittedCurve {
  const fitted = fitPowerCurve(points, GENERAL_SHAPE, false);
  assert.ok(fitted);
  return fitted;
}

describe('isotonic', () => {
  test('is the known answer of pooling', () => {
    const of = (...values: number[]): readonly number[] =>
      isotonic(values.map((value) => ({ value, weight: 1 })));
    assert.deepEqual(of(1, 3, 2, 4), [1, 2.5, 2.5, 4]);
    assert.deepEqual(of(3, 2, 1), [2, 2, 2]);
    assert.deepEqual(of(1, 2, 3), [1, 2, 3]);
    assert.deepEqual(of(), []);
    const weighted = isotonic([
      { value: 4, weight: 1 },
      { value: 1, weight: 3 },
    ]);
    assert.deepEqual(weighted, [1.75, 1.75]);
  });

  test('never falls, keeps the weighted mean, and leaves what is in order alone', () => {
    const item = fc.record({
      value: fc.double({ min: -100, max: 100, noNaN: true }),
      weight: fc.double({ min: 0.1, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 40 }), (items) => {
        const fitted = isotonic(items);
        assert.equal(fitted.length, items.length);
        const total = (values: readonly number[]): number =>
          values.reduce((sum, value, i) => sum + value * (items[i]?.weight ?? 0), 0);
        assert.ok(Math.abs(total(fitted) - total(items.map(({ value }) => value))) < 1e-6);
        fitted.forEach((value, i) => assert.ok(i === 0 || value >= fitted[i - 1]! - 1e-9));
      }),
    );
  });
});

describe('against the 11-point curves', () => {
  for (const [name, curve] of CURVES) {
    test(`${name}: watts within 3 %, slope within 20 % of the mean slope`, () => {
      const fitted = fit(learned(curve, { samples: 2000, noise: 0.02, seed: name }));
      const meanSlope = curve[10]! - curve[0]!;
      for (let u = 0.1; u <= 1; u += 0.05) {
        const watts = wattsAt(curve, u);
        const off = Math.abs(fitted.wattsAt(u) - watts) / watts;
        assert.ok(off < 0.03, `${u.toFixed(2)}: ${fitted.wattsAt(u)} W, true ${watts} W`);
        const slope = (watts - wattsAt(curve, u - 0.1)) / 0.1;
        const { watts: marginal, confidence } = fitted.marginalAt(u);
        const error = Math.abs(marginal - slope) / meanSlope;
        assert.ok(error < 0.2, `${u.toFixed(2)}: slope ${marginal}, true ${slope}`);
        assert.ok(confidence > 0.9);
      }
    });
  }

  test('the slope tells what a core-second costs at 10, 50 and 100 % of a known server', () => {
    const sr655 = CURVES.find(([name]) => name === 'lenovo-sr655')![1];
    const fitted = fit(learned(sr655, { samples: 20_000, noise: 0, seed: 'exact' }));
    const perCoreSecond = (u: number): number => fitted.marginalAt(u).watts / 64;
    for (const [u, joules] of [
      [0.1, 7.19],
      [0.5, 1.56],
      [1, 5],
    ] as const) {
      assert.ok(Math.abs(perCoreSecond(u) - joules) < 0.1 * joules, `${u}: ${perCoreSecond(u)} J`);
    }
  });
});

test('a curve never falls, whatever was measured', () => {
  const sample = fc.record({
    utilisation: fc.double({ min: 0, max: 1, noNaN: true }),
    watts: fc.double({ min: 1, max: 500, noNaN: true }),
    weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 5, maxLength: 100 }), (samples) => {
      let points: PowerCurve | undefined;
      for (const one of samples) points = updatePowerCurve(points, one);
      assert.ok(points!.length <= POINTS);
      const fitted = fitPowerCurve(points, machineShape('m5.metal')!, true)!;
      for (let u = 0; u < 1; u += 0.01) {
        assert.ok(fitted.wattsAt(u + 0.01) >= fitted.wattsAt(u) - 1e-6);
        assert.ok(fitted.marginalAt(u).watts >= 0);
      }
    }),
  );
});

test('what is impossible is not counted', () => {
  const points = updatePowerCurve(undefined, { utilisation: 0.5, watts: 100, weight: 1 });
  for (const sample of [
    { utilisation: Number.NaN, watts: 100, weight: 1 },
    { utilisation: 1.2, watts: 100, weight: 1 },
    { utilisation: 0.5, watts: 0, weight: 1 },
    { utilisation: 0.5, watts: Infinity, weight: 1 },
    { utilisation: 0.5, watts: 50, weight: 0 },
  ]) {
    assert.deepEqual(updatePowerCurve(points, sample), points);
  }
});

test('a machine that changes is followed', () => {
  let points: PowerCurve | undefined;
  for (let i = 0; i < 300; i += 1) {
    points = updatePowerCurve(points, { utilisation: 0.5, watts: 100, weight: 1 });
  }
  for (let i = 0; i < 150; i += 1) {
    points = updatePowerCurve(points, { utilisation: 0.5, watts: 60, weight: 1 });
  }
  assert.ok(Math.abs(points![0]!.watts - 60) < 3, String(points![0]!.watts));
});

describe('where little is known', () => {
  test('an unknown machine without samples has no curve: nobody guesses watts', () => {
    assert.equal(fitPowerCurve(undefined, GENERAL_SHAPE, false), undefined);
    const one = updatePowerCurve(undefined, { utilisation: 0.4, watts: 90, weight: 1 });
    assert.equal(fitPowerCurve(one, GENERAL_SHAPE, false), undefined);
  });

  test('a known machine has its published curve, and says that nothing was measured', () => {
    const fitted = fitPowerCurve(undefined, machineShape('m5.metal')!, true)!;
    assert.ok(Math.abs(fitted.wattsAt(1) - 478) < 1);
    assert.ok(Math.abs(fitted.wattsAt(0.5) - 343.7) < 1);
    const { watts, confidence } = fitted.marginalAt(0.5);
    assert.ok(Math.abs(watts - (343.7 - 146.6) / 0.4) < 10, String(watts));
    assert.equal(confidence, 0);
    assert.equal(machineShape('m5.large'), undefined);
    assert.equal(machineShape('constructor'), undefined);
    assert.equal(machineShape(undefined), undefined);
  });

  test('measured in one place, the rest takes the general shape, scaled to it', () => {
    const truth = concaveCurve(40, 160);
    let points: PowerCurve | undefined;
    for (let i = 0; i < 20; i += 1) {
      points = updatePowerCurve(points, {
        utilisation: 0.3,
        watts: wattsAt(truth, 0.3),
        weight: 1,
      });
    }
    const fitted = fit(points!);
    for (const u of [0, 0.6, 1]) {
      const off = Math.abs(fitted.wattsAt(u) - wattsAt(truth, u)) / wattsAt(truth, u);
      assert.ok(off < 0.1, `${u}: ${fitted.wattsAt(u)} W`);
    }
    assert.ok(fitted.marginalAt(0.9).confidence === 0);
  });

  test('a node that others keep busy has the slope of where it was measured', () => {
    const sr655 = CURVES.find(([name]) => name === 'lenovo-sr655')![1];
    // Never below 40 or 80 %: what it would draw there nobody has seen.
    for (const least of [0.4, 0.8]) {
      let points: PowerCurve | undefined;
      const random = createGenerator(`busy ${least}`);
      for (let i = 0; i < 200; i += 1) {
        const utilisation = least + 0.1 * random.next();
        const watts = wattsAt(sr655, utilisation) * (1 + 0.002 * normal(random));
        points = updatePowerCurve(points, { utilisation, watts, weight: 1 });
      }
      const fitted = fit(points!);
      const slope = (wattsAt(sr655, least + 0.1) - wattsAt(sr655, least)) / 0.1;
      for (const u of [least, least + 0.03, least + 0.06, least + 0.1]) {
        const { watts, confidence } = fitted.marginalAt(u);
        assert.ok(Math.abs(watts - slope) < 0.15 * slope, `${u}: ${watts}, true ${slope}`);
        assert.ok(confidence > 0.5, String(confidence));
      }
    }
  });

  test('what was not measured is joined to what was, without a step', () => {
    const sr655 = CURVES.find(([name]) => name === 'lenovo-sr655')![1];
    // Idle and nearly full: no factor brings one shape to both.
    let points: PowerCurve | undefined;
    for (const utilisation of [0.01, 0.03, 0.8, 0.84, 0.88]) {
      for (let i = 0; i < 10; i += 1) {
        const watts = wattsAt(sr655, utilisation);
        points = updatePowerCurve(points, { utilisation, watts, weight: 1 });
      }
    }
    const fitted = fit(points!);
    for (let u = 0.05; u <= 1; u += 0.05) {
      const step = fitted.wattsAt(u) - fitted.wattsAt(u - 0.05);
      assert.ok(step > 0.5 && step < 25, `${u.toFixed(2)}: ${step} W`);
    }
  });

  test('confidence rises with what was measured around', () => {
    const curve = CURVES[0]![1];
    const at = (samples: number): number =>
      fit(learned(curve, { samples, noise: 0.02, seed: 'c' })).marginalAt(0.5).confidence;
    assert.ok(at(20) < at(100) && at(100) < at(1000));
  });
});
