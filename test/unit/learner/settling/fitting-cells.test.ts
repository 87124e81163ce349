// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { encodeState } from '#agent/state/state-key.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { StoredCell } from '#cluster/model/statistics.ts';
import { fittingCells } from '#learner/settling/fitting-cells.ts';

const MOST = MODEL_LIMITS.cells;

/** A row of so many cells, with weights that rise from 1. */
function row(prefix: string, count: number): Record<string, StoredCell> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`${prefix}${n}`, { value: n, weight: n + 1 }]),
  );
}

void describe('the cells that fit into a shard', () => {
  void test('a table that fits stays the very same', () => {
    const cells = { all: row('w', MOST) };
    assert.equal(fittingCells(cells, []), cells);
  });

  void test('those of targets that are gone go first, by action or by state, the lightest before others', () => {
    const known = encodeState({ load: 'low', least: 'here' });
    const lost = encodeState({ load: 'low', least: 'there' });
    const few = { value: 1, weight: 0.5 };
    const cells: ModelShard['cells'] = {
      [known]: { [DEFAULT_ACTION]: few, here: few, ...row('gone', MOST - 3) },
      [lost]: { here: { value: 1, weight: 2.5 } },
      [encodeState({ least: null })]: { constructor: few, [DEFAULT_ACTION]: few },
    };
    const kept = fittingCells(cells, ['here', 'constructor']);
    assert.deepEqual(kept[known]?.['here'], few);
    assert.deepEqual(kept[known][DEFAULT_ACTION], few);
    assert.deepEqual(Object.keys(kept[encodeState({ least: null })] ?? {}), [
      'constructor',
      DEFAULT_ACTION,
    ]);
    assert.equal(kept[known]['gone0'], undefined, 'weight 1');
    assert.equal(kept[known]['gone1'], undefined, 'weight 2');
    assert.deepEqual(kept[lost], cells[lost], 'weight 2.5');
    assert.ok(kept[known]['gone2'], 'weight 3');
    const count = Object.values(kept).reduce((sum, one) => sum + Object.keys(one).length, 0);
    assert.equal(count, MOST);
  });

  void test('where too many are there the lightest go; a row left empty goes, too', () => {
    const targets = Object.keys(row('w', MOST));
    const kept = fittingCells({ all: row('w', MOST), more: row('w', 1), none: {} }, targets);
    assert.deepEqual(Object.keys(kept), ['all']);
    assert.equal(Object.keys(kept['all'] ?? {}).length, MOST);
  });
});
