// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  BETWEEN,
  CASES,
  isBest,
  PAGE,
  peaksScores,
  perihelionChoice,
  table,
  volcanoScores,
} from './unknown-table.ts';

describe('a node of which nothing usable is known', () => {
  for (const one of CASES) {
    test(`${one.name}: ${one.mayWin ? 'wins by what it costs' : 'never wins'}`, async () => {
      const { health, chosen } = await perihelionChoice(one);
      assert.equal(chosen === 2, one.mayWin, health);
      assert.equal(health === 'healthy', one.mayWin || one.noRoom === true);
      assert.ok(chosen !== undefined, 'a healthy node is there to be chosen');
    });
  }

  test('every kind of fault keeps its own name', async () => {
    const names = await Promise.all(CASES.map(async (one) => (await perihelionChoice(one)).health));
    assert.deepEqual([...new Set(names)].sort(), [
      'absent',
      'absurd',
      'fake',
      'healthy',
      'not-a-number',
      'zero',
    ]);
  });
});

test('the published formulas make the unknown the best in most cases: what the page says', () => {
  const wrong = (best: (one: (typeof CASES)[number]) => boolean): string[] =>
    CASES.filter((one) => !one.mayWin && best(one)).map(({ name }) => name);
  assert.deepEqual(
    wrong((one) => isBest(peaksScores(one))),
    [
      'no metrics of the node',
      'last seen ten minutes ago',
      'NaN',
      'an absurd value (9.2e14)',
      'no power model, or a fake meter',
      'no room: the Pod would take it beyond 100 %',
    ],
  );
  assert.deepEqual(
    wrong((one) => isBest(volcanoScores(one))),
    ['answers that cannot be read count as 0'],
  );
});

test('beside a node without metrics a healthy one of 20 % scores 0 with Peaks', () => {
  const none = CASES.find(({ name }) => name === 'no metrics of the node')!;
  const [low, high, unknown] = peaksScores(none);
  assert.deepEqual([low, unknown], [0, 100]);
  assert.ok(high! > 70 && high! < 80, String(high));
});

test('the page holds the table that these cases make', async () => {
  const cells = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^[|\s-]+$/.test(line))
      .map((line) => line.replace(/\s+/g, ' ').trim());
  const page = BETWEEN.exec(readFileSync(PAGE, 'utf8'));
  assert.ok(page, 'the page has a place for the table');
  assert.deepEqual(cells(page[0]), cells(await table()));
});
