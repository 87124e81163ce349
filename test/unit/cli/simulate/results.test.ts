// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { figureOf } from '#cli/runs/figure.ts';
import {
  renderSimulation,
  type SchedulerFigures,
  type SimulateResults,
} from '#cli/simulate/results.ts';

function figures(values: readonly number[]): SchedulerFigures {
  const one = figureOf(values, '');
  return {
    ...{ throughput: one, p50: one, p99: one, joulesPerRequest: one, watts: one },
    ...{ crossNodeCallsPerRequest: one, failedShare: one, cost: one, sloBreachShare: one },
    pending: 0,
  };
}

function results(values: readonly number[]): SimulateResults {
  return {
    version: '0.0.0',
    specification: 'shop',
    seeds: values.map((_, index) => index + 1),
    rollouts: 40,
    measured: 8,
    durationSeconds: 1,
    schedulers: { peaks: figures(values), agent: figures(values) },
  };
}

void describe('the table of a simulation', () => {
  void test('says what its columns are, in what unit, which way is better, and in what order rows stand', () => {
    const text = renderSimulation(results([1, 2, 3]));
    const lines = text.trimEnd().split('\n');
    const columns = (lines[0] ?? '').trim().split(/ {2,}/);
    assert.deepEqual(columns.length, 6);
    const legend = lines.slice(lines.indexOf('') + 1).join('\n');
    for (const column of columns) {
      const row = legend.split('\n').find((line) => line.trimStart().startsWith(column));
      assert.ok(row !== undefined, `${column} is not explained`);
      assert.match(row, /(higher|lower) is better/, column);
    }
    assert.match(legend, /3 seeds/);
    assert.match(legend, /95 %/);
    assert.match(legend, /order of --schedulers/);
    assert.ok(
      lines.every((line) => line.length <= 100),
      'fits a terminal',
    );
    assert.ok(text.endsWith('\n'));
  });

  void test('of one seed has no interval, and says so', () => {
    const text = renderSimulation(results([1]));
    assert.doesNotMatch(text, /±/);
    assert.match(text, /1 seed, so no interval/);
  });
});
