// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { learnEpisode } from '#agent/learning/episode.ts';
import { cellOf } from '#agent/learning/estimate.ts';
import { foldedRow } from '#agent/learning/fold.ts';
import { DEFAULTS } from '#agent/terms/hyperparameters.ts';
import { encodeState } from '#agent/state/state-key.ts';
import type { ValueTable } from '#agent/terms/value-table.ts';

const OLD: ValueTable = {
  'load=normal,least=a,peers=a': { a: { value: 0.2, weight: 3 }, b: { value: -0.1, weight: 1 } },
  'load=normal,least=a,peers=b': { a: { value: 0.4, weight: 1 } },
  'load=normal,least=b,peers=b': { a: { value: -1, weight: 9 } },
  'load=high,least=a,peers=b': { a: { value: -2, weight: 9 } },
};

describe('foldedRow', () => {
  it('makes a state of fewer features from the states that say the same and more', () => {
    const folded = foldedRow(OLD, 'load=normal,least=a');
    assert.deepEqual(folded, {
      row: { a: { value: (0.2 * 3 + 0.4) / 4, weight: 4 }, b: { value: -0.1, weight: 1 } },
      from: ['load=normal,least=a,peers=a', 'load=normal,least=a,peers=b'],
    });
  });

  it('finds nothing in states that say less or otherwise', () => {
    assert.equal(foldedRow(OLD, 'load=low'), undefined);
    assert.equal(foldedRow({ all: { a: { value: 1, weight: 1 } } }, 'load=low'), undefined);
    assert.equal(foldedRow(OLD, 'no state'), undefined);
  });

  it('begins a known load with what was learned before any was known', () => {
    const first: ValueTable = { 'load=unknown,least=a': { a: { value: 0.2, weight: 3 } } };
    assert.deepEqual(foldedRow(first, 'load=normal,least=a'), {
      row: { a: { value: 0.2, weight: 3 } },
      from: [],
    });
    assert.equal(foldedRow(first, 'load=normal,least=b'), undefined);
    assert.equal(foldedRow({ 'load=normal': {} }, 'load=unknown'), undefined);
    const step = { table: 'w', asked: 'a', landed: 'a', reward: 0.6, actions: ['a'] };
    const { tables } = learnEpisode({
      steps: [{ ...step, state: 'load=high,least=a' }],
      tables: { w: first },
      hyperparameters: DEFAULTS,
      episodes: 3,
    });
    assert.deepEqual(cellOf(tables['w'], 'load=unknown,least=a', 'a'), { value: 0.2, weight: 3 });
    const high = cellOf(tables['w'], 'load=high,least=a', 'a');
    assert.equal(high?.weight, 4);
    assert.ok(Math.abs(high.value - 0.3) < 1e-12);
    assert.equal(cellOf(tables['w'], 'load=low,least=a', 'a')?.value, 0.2);
  });

  it('keeps weights and the sum of weight times value', () => {
    const cell = fc.record({
      value: fc.double({ min: -3, max: 3, noNaN: true }),
      weight: fc.nat(50),
    });
    const target = fc.constantFrom('a', 'b', null);
    const row = fc.tuple(target, target, fc.dictionary(fc.constantFrom('a', 'b'), cell));
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const table: ValueTable = Object.fromEntries(
          rows.map(([least, peers, cells]) => [encodeState({ least, peers }), cells]),
        );
        const sums = (found: ValueTable): number[] =>
          Object.values(found).reduce(
            ([weight = 0, sum = 0], cells) =>
              Object.values(cells).reduce(
                ([w = 0, s = 0], one) => [w + one.weight, s + one.weight * one.value],
                [weight, sum],
              ),
            [0, 0],
          );
        const folded: ValueTable = Object.fromEntries(
          (['a', 'b', null] as const).map((least) => {
            const state = encodeState({ least });
            return [state, foldedRow(table, state)?.row ?? {}];
          }),
        );
        const [weight = 0, sum = 0] = sums(folded);
        const [oldWeight = 0, oldSum = 0] = sums(table);
        assert.ok(Math.abs(weight - oldWeight) < 1e-9 && Math.abs(sum - oldSum) < 1e-6);
      }),
    );
  });
});

describe('a table of states that said more', () => {
  it('is read by states that say less', () => {
    assert.equal(cellOf(OLD, 'load=normal,least=b', 'a')?.value, -1);
  });

  it('is taken over by the first update, and what it was made of goes', () => {
    const learned = learnEpisode({
      steps: [
        {
          table: 'w',
          state: 'load=normal,least=a',
          asked: 'a',
          landed: 'a',
          reward: 0.25,
          actions: [DEFAULT_ACTION, 'a', 'b'],
        },
      ],
      tables: { w: OLD },
      hyperparameters: DEFAULTS,
      episodes: 50,
    });
    const table = learned.tables['w'] ?? {};
    assert.deepEqual(Object.keys(table).sort(), [
      'load=high,least=a,peers=b',
      'load=normal,least=a',
      'load=normal,least=b,peers=b',
    ]);
    const cell = cellOf(table, 'load=normal,least=a', 'a');
    assert.equal(cell?.weight, 5);
    assert.ok(Math.abs(cell.value - 0.25) < 1e-9);
  });
});
