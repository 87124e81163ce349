// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  leastPressured,
  pressureBucketOf,
  pressureOf,
  type Pressure,
} from '#agent/state/pressure.ts';

const full = { allocatable: 8, requested: 3, inFlight: 1, utilisation: 0.4 };

describe('pressureOf', () => {
  it('is requests and Pods in flight over allocatable, or utilisation if that is more', () => {
    assert.deepEqual(pressureOf(full), { ratio: 0.5, measured: true });
    assert.deepEqual(pressureOf({ ...full, utilisation: 0.7 }), { ratio: 0.7, measured: true });
    assert.deepEqual(pressureOf({ ...full, requested: 0, inFlight: 0, utilisation: undefined }), {
      ratio: 0,
      measured: false,
    });
  });

  it('is unknown without allocatable or requests', () => {
    for (const bad of [undefined, NaN, -1, Infinity]) {
      assert.equal(pressureOf({ ...full, requested: bad }), undefined);
    }
    for (const bad of [undefined, NaN, -1, 0]) {
      assert.equal(pressureOf({ ...full, allocatable: bad }), undefined);
    }
    for (const bad of [NaN, -1]) assert.equal(pressureOf({ ...full, inFlight: bad }), undefined);
  });

  it('does not take a missing, zero, NaN or absurd utilisation for a measurement', () => {
    for (const bad of [undefined, 0, NaN, -0.1, 1.3, Infinity]) {
      assert.deepEqual(pressureOf({ ...full, utilisation: bad }), { ratio: 0.5, measured: false });
    }
  });
});

describe('pressureBucketOf', () => {
  it('has words for every pressure', () => {
    const bucket = (ratio: number) => pressureBucketOf({ ratio, measured: true });
    assert.deepEqual([0, 0.49, 0.5, 0.79, 0.8, 2].map(bucket), [
      'low',
      'low',
      'medium',
      'medium',
      'high',
      'high',
    ]);
    assert.equal(pressureBucketOf(undefined), 'unknown');
  });
});

describe('leastPressured', () => {
  const pressure = fc.record({
    ratio: fc.constantFrom(0, 0.1, 0.5, 0.9),
    measured: fc.boolean(),
  });
  const targets = fc.uniqueArray(fc.tuple(fc.string(), fc.option(pressure, { nil: undefined })), {
    selector: ([name]) => name,
  });

  it('never is one of unknown pressure, nor unmeasured where another is measured', () => {
    fc.assert(
      fc.property(targets, (entries) => {
        const known = new Map<string, Pressure | undefined>(entries);
        const least = leastPressured(known);
        const values = [...known.values()].filter((each) => each !== undefined);
        if (values.length === 0) {
          assert.equal(least, null);
          return;
        }
        const chosen = known.get(least!)!;
        assert.equal(
          chosen.measured,
          values.some(({ measured }) => measured),
        );
        const rivals = values.filter(({ measured }) => measured === chosen.measured);
        assert.equal(chosen.ratio, Math.min(...rivals.map(({ ratio }) => ratio)));
      }),
    );
  });

  it('does not depend on the order of the targets', () => {
    fc.assert(
      fc.property(targets, (entries) => {
        assert.equal(
          leastPressured(new Map(entries)),
          leastPressured(new Map([...entries].reverse())),
        );
      }),
    );
  });
});
