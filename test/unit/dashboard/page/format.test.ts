// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  age,
  bytes,
  count,
  digits,
  figureText,
  findingOf,
  joules,
  markPercent,
  moment,
  percentInterval,
  samplesText,
  signed,
  watts,
  zone,
} from '../../../../src/dashboard/page/format.ts';
import { ticks } from '../../../../src/dashboard/page/scale.ts';

describe('numbers of the page', () => {
  it('have three digits and their unit', () => {
    assert.equal(digits(0.012345), '0.0123');
    assert.equal(digits(1234567), '1,234,567');
    assert.equal(signed(-0.5), '−0.5');
    assert.equal(signed(0), '+0');
    assert.equal(watts(123.45), '123.5 W');
    assert.equal(watts(12_345), '12.3 kW');
    assert.equal(joules(0.00321), '3.21 mJ');
    assert.equal(joules(0), '0 J');
    assert.equal(joules(123_456), '123 kJ');
    assert.equal(bytes(12 * 1024 ** 3), '12 GiB');
    assert.equal(bytes(0), '0 B');
    assert.equal(count(9999999), '9,999,999');
    assert.equal(age(99), '99 s');
    assert.equal(age(7200), '2 h');
    assert.equal(samplesText(1), '1 sample');
    assert.equal(samplesText(2.5), '2.5 samples');
  });

  it('are words where there is none', () => {
    assert.equal(figureText({ status: 'stale' }, watts), 'stale');
    assert.equal(figureText({ status: 'modelled', value: 0 }, watts), '0.0 W');
  });

  it('have intervals whose finding is on the right side', () => {
    assert.equal(percentInterval({ mean: 0.1, low: -0.05, high: 0.25 }), '+10 % [−5, +25]');
    assert.equal(findingOf({ mean: 1, low: 0.1, high: 2 }, 'above'), 'good');
    assert.equal(findingOf({ mean: 1, low: 0.1, high: 2 }, 'below'), 'bad');
    assert.equal(findingOf({ mean: 1, low: 0, high: 2 }, 'above'), 'unclear');
  });

  it('say at a mark of an axis what the mark is, and not what is near', () => {
    const marks = ticks(-0.008, 0.016, 4).map(markPercent);
    assert.deepEqual(marks, ['0 %', '1 %']);
    assert.deepEqual(ticks(0, 0.016, 4).map(markPercent), ['0 %', '0.5 %', '1 %', '1.5 %']);
    assert.deepEqual(ticks(-0.6, 0.5, 4).map(markPercent), ['−50 %', '0 %', '50 %']);
  });

  it('tell the zone by its distance', () => {
    const before = process.env['TZ'];
    const said = ['UTC', 'Asia/Kolkata', 'America/St_Johns'].map((name) => {
      process.env['TZ'] = name;
      return zone(Date.UTC(2026, 0, 1));
    });
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
    assert.deepEqual(said, ['UTC', 'UTC+05:30', 'UTC−03:30']);
  });

  it('tell the day where it is not today', () => {
    const noon = new Date(2026, 2, 3, 12, 0, 5).getTime();
    assert.equal(moment(noon, noon + 1000), '12:00:05');
    assert.equal(moment(noon, noon + 86_400_000), '3 Mar 12:00:05');
  });
});
