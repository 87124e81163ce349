// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { figureOf, powerFigure } from '#dashboard/now/figures.ts';
import { powerHealth } from '#learner/observation/target-health.ts';
import type { Reading } from '#telemetry/reading/reading.ts';

function reading(
  value: number,
  more: Partial<Extract<Reading, { kind: 'measured' }>> = {},
): Reading {
  return {
    ...{ kind: 'measured', value, windowSeconds: 60, samples: 4, ageSeconds: 1 },
    ...{ quality: 'measured', ...more },
  };
}

describe('a figure', () => {
  it('keeps measured, modelled, stale and absent apart', () => {
    assert.equal(figureOf(reading(5), 60, 'x').status, 'measured');
    assert.equal(figureOf(reading(5, { quality: 'modelled' }), 60, 'x').status, 'modelled');
    assert.equal(figureOf(reading(5, { ageSeconds: 61 }), 60, 'x').status, 'stale');
    assert.equal(figureOf(undefined, 60, 'x').status, 'absent');
    assert.equal(figureOf(reading(NaN), 60, 'x').status, 'not-a-number');
    const missing: Reading = { kind: 'missing', reason: 'fake', detail: 'a fake meter' };
    assert.deepEqual(figureOf(missing, 60, 'x'), { status: 'fake', detail: 'a fake meter' });
  });

  it('has a value only where it may be used, and 0 is a value', () => {
    assert.equal(figureOf(reading(0), 60, 'x').value, 0);
    for (const one of [undefined, reading(NaN), reading(5, { ageSeconds: 99 })]) {
      assert.equal(figureOf(one, 60, 'x').value, undefined);
    }
  });
});

describe('the figure of power', () => {
  it('believes no machine that draws nothing, or what no machine draws', () => {
    for (const [watts, status] of [
      [0, 'zero'],
      [0.01, 'absurd'],
      [65, 'measured'],
      [1e9, 'absurd'],
    ] as const) {
      const given = reading(watts);
      const figure = powerFigure(figureOf(given, 60, 'power'), powerHealth(given, 60));
      assert.equal(figure.status, status, `${watts} W`);
      assert.equal(figure.value, status === 'measured' ? watts : undefined);
    }
  });
});
