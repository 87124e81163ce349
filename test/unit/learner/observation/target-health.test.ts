// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { observeTarget, powerHealth } from '#learner/observation/target-health.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import { node } from '../fixtures.ts';
import { measured } from '../world.ts';

const window = { from: 0, to: 60_000 };
const watts = (value: number): Reading => measured(value, window);
const missing = (reason: Extract<Reading, { kind: 'missing' }>['reason']): Reading => ({
  kind: 'missing',
  reason,
  detail: 'for a test',
});

void describe('powerHealth', () => {
  const table: [string, Reading | undefined, string][] = [
    ['a plausible node', watts(140), 'healthy'],
    ['nothing', undefined, 'absent'],
    ['absent', missing('absent'), 'absent'],
    ['too few samples', missing('too-few-samples'), 'absent'],
    ['stale by itself', missing('stale'), 'stale'],
    ['older than allowed', { ...watts(140), ageSeconds: 61 } as Reading, 'stale'],
    ['fake', missing('fake'), 'fake'],
    ['absurd by itself', missing('absurd'), 'absurd'],
    ['NaN', missing('not-a-number'), 'not-a-number'],
    ['NaN measured', watts(Number.NaN), 'not-a-number'],
    ['zero', watts(0), 'zero'],
    ['a tenth of a milliwatt', watts(1e-4), 'absurd'],
    ['a negative node', watts(-5), 'absurd'],
    ['a power plant', watts(1e6), 'absurd'],
    ['infinity', watts(Infinity), 'absurd'],
  ];
  for (const [name, reading, health] of table) {
    void test(`${name} is ${health}`, () => assert.equal(powerHealth(reading, 60), health));
  }
});

void describe('observeTarget', () => {
  const load = new Map(
    ['a', 'b', 'c'].map((name, index) => [
      name,
      { cpuRatio: watts(0.2 * (index + 1)), memoryRatio: missing('absent') },
    ]),
  );
  const observe = (
    readings: Record<string, Reading>,
    over: Partial<Parameters<typeof node>[1]> = {},
  ) =>
    observeTarget(
      [node('a'), node('b'), node('c', over)],
      { watts: new Map(Object.entries(readings)), load },
      60,
    );

  void test('all nodes measured: watts add up, ratios are means, unknown stays unknown', () => {
    const seen = observe({ a: watts(100), b: watts(50), c: watts(30) });
    assert.equal(seen.health, 'healthy');
    assert.equal(seen.watts, 180);
    assert.ok(Math.abs((seen.cpuRatio ?? 0) - 0.4) < 1e-9);
    assert.equal(seen.memoryRatio, undefined);
  });

  void test('one of three silent: still healthy, but the sum is not known', () => {
    const seen = observe({ a: watts(100), b: watts(50) });
    assert.equal(seen.health, 'healthy');
    assert.equal(seen.watts, undefined);
  });

  void test('most nodes silent: the most frequent fault', () => {
    assert.equal(
      observe({ a: watts(1), b: missing('stale'), c: missing('stale') }).health,
      'stale',
    );
    assert.equal(observe({ a: watts(0), b: watts(0), c: missing('fake') }).health, 'zero');
  });

  void test('half is not most', () => {
    const readings = { watts: new Map([['a', watts(10)]]), load };
    assert.equal(observeTarget([node('a'), node('b')], readings, 60).health, 'absent');
  });

  void test('a node that is not Ready does not count; without any node there is nothing', () => {
    const seen = observe({ a: watts(100), b: watts(50) }, { ready: false });
    assert.equal(seen.watts, 150);
    assert.deepEqual(observeTarget([], { watts: new Map(), load }, 60), {
      health: 'absent',
      cpuRatio: undefined,
      memoryRatio: undefined,
      watts: undefined,
    });
  });

  void test('a ratio that cannot be one is left out', () => {
    const odd = new Map([
      ['a', { cpuRatio: watts(1.5), memoryRatio: { ...watts(0.5), ageSeconds: 99 } as Reading }],
    ]);
    const seen = observeTarget([node('a')], { watts: new Map(), load: odd }, 60);
    assert.equal(seen.cpuRatio, undefined);
    assert.equal(seen.memoryRatio, undefined);
  });
});
