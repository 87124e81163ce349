// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelShard } from '#cluster/model/model.ts';
import { valueTable, valueTables } from '#dashboard/now/value-tables.ts';

function shard(workload: string, cells: ModelShard['cells'] = {}): ModelShard {
  return {
    ...{ namespace: 'shop', policy: 'demo', workload, version: 7, episodes: 3, cells },
    ...{ baselines: {}, load: { mean: 0, variance: 0, weight: 0 }, defaultSamples: 4 },
    ...{ settled: [], followed: 0, asked: 0 },
  };
}

const CELLS = {
  'load=normal': { n2: { value: -0.1, weight: 2 }, '(default)': { value: 0, weight: 5 } },
  'load=high': { n1: { value: 0.3, weight: 1.5 } },
};

describe('value tables', () => {
  it('are listed with tiers last, bounded', () => {
    const many = Array.from({ length: 2100 }, (_, index) => shard(`Deployment/w${index}`));
    const { tables, tablesOmitted } = valueTables([
      shard('Tier/data'),
      shard('Deployment/a', CELLS),
    ]);
    assert.deepEqual(
      tables.map(({ workload, cells, samples }) => [workload, cells, samples]),
      [
        ['Deployment/a', 3, 8.5],
        ['Tier/data', 0, 0],
      ],
    );
    assert.equal(tablesOmitted, 0);
    assert.deepEqual(
      [valueTables(many).tables.length, valueTables(many).tablesOmitted],
      [2000, 100],
    );
  });

  it('hold every cell, the default first', () => {
    const words = { stateText: (key: string) => `in words: ${key}`, circuitText: () => 'closed' };
    const table = valueTable(shard('Deployment/a', CELLS), words);
    assert.deepEqual(table.actions, ['(default)', 'n1', 'n2']);
    assert.deepEqual(table.states[0], { key: 'load=high', text: 'in words: load=high' });
    assert.equal(table.values.length, 3);
    assert.deepEqual(
      table.values.find(({ action }) => action === 'n1'),
      {
        ...{ state: 'load=high', action: 'n1', value: 0.3, samples: 1.5 },
      },
    );
  });
});
