// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeModel, encodeShard } from '#cluster/model/codec.ts';
import { MODEL_LIMITS } from '#cluster/model/limits.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { episodesOf, type Episode } from '#learner/episodes/episodes.ts';
import { pendingDecision } from '#learner/episodes/decisions.ts';
import { beforeOf, takeBack } from '#learner/settling/partial.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import { node, record, signedPod } from '../fixtures.ts';

const WORKLOAD = 'Deployment/frontend';

/** An episode of one workload with these ids. */
function episodeOf(ids: readonly string[]): Episode {
  const decisions = ids.map((id) => {
    const pod = signedPod({ id, workload: WORKLOAD }, { uid: id });
    const signed = { pod, record: record({ id, workload: WORKLOAD }) };
    return pendingDecision(signed, 'kubernetes.io/hostname', node);
  });
  const [episode] = episodesOf(decisions, 60, 600);
  assert.ok(episode);
  return episode;
}

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const weight = fc.double({ noNaN: true, min: 0.5, max: 1e6 });
const word = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '__proto__'),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const tableOf = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(word, fc.dictionary(word, value, { minKeys: 1, maxKeys: 4 }), { maxKeys: 5 });
const statistics = fc.record({ mean: number, variance: number, weight });
const content = fc.record({
  episodes: fc.nat(1000),
  defaultSamples: fc.nat(1000),
  load: statistics,
  cells: tableOf(fc.record({ value: number, weight })),
  baselines: tableOf(statistics),
});

/** Baselines are only ever added and changed: every key of the first is in the second. */
function grown<T>(
  first: Readonly<Record<string, Readonly<Record<string, T>>>>,
  second: Readonly<Record<string, Readonly<Record<string, T>>>>,
): Record<string, Record<string, T>> {
  const rows = new Map(Object.entries(first).map(([name, row]) => [name, { ...row }]));
  for (const [name, row] of Object.entries(second)) {
    rows.set(name, { ...rows.get(name), ...row });
  }
  return Object.fromEntries(rows);
}

/** As JSON with sorted keys, so that the order of rows does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

void describe('an episode that was written in part', () => {
  void test('what a write changed is taken back exactly, also through the API', () => {
    fc.assert(
      fc.property(content, content, (first, second) => {
        const before: ModelShard = {
          ...emptyShard('shop', 'default', WORKLOAD),
          ...first,
          version: 4,
          settled: ['old-1', 'old-2'],
        };
        // Rows of cells also go: they are folded into others, or there is no room for them.
        const { cells } = second;
        const baselines = grown(first.baselines, second.baselines);
        const after: ModelShard = {
          ...before,
          ...second,
          cells,
          baselines,
          version: 5,
          settled: ['old-2', 'd-1', 'd-2'],
          before: beforeOf(before, { cells, baselines }, 2),
        };
        const stored = decodeModel('shop', encodeShard(after));
        assert.ok(stored.kind === 'shard');
        const { shards, written } = takeBack(
          episodeOf(['d-1', 'd-2']),
          new Map([[WORKLOAD, stored.shard]]),
        );
        assert.deepEqual([...written], [WORKLOAD]);
        const expected = { ...before, settled: ['old-2'], before: undefined };
        assert.equal(canonical(shards.get(WORKLOAD)), canonical(expected));
      }),
      { numRuns: 200 },
    );
  });

  void test('a shard whose last write was of something else stays as it is', () => {
    const base = emptyShard('shop', 'default', WORKLOAD);
    const written: ModelShard = {
      ...base,
      version: 1,
      settled: ['d-1', 'd-2'],
      before: beforeOf(base, base, 2),
    };
    const stays = (episode: Episode, shard: ModelShard): void => {
      const taken = takeBack(episode, new Map([[WORKLOAD, shard]]));
      assert.equal(taken.written.size, 0);
      assert.equal(taken.shards.get(WORKLOAD), shard);
    };
    stays(episodeOf(['d-1', 'd-2', 'd-3']), written);
    stays(episodeOf(['d-1']), written);
    stays(episodeOf(['d-3', 'd-4']), written);
    stays(episodeOf(['d-1', 'd-2']), { ...written, before: undefined });
    stays(episodeOf(['d-1', 'd-2']), { ...written, settled: ['d-1', 'd-2', 'd-3'] });
  });

  void test('more than fits is left out', () => {
    const base = emptyShard('shop', 'default', 'Tier/business');
    const row = (count: number): ModelShard['cells'] => ({
      's=1': Object.fromEntries(
        Array.from({ length: count }, (_, n) => [`w${n}`, { value: 1, weight: 1 }]),
      ),
    });
    const most = MODEL_LIMITS.cellsBefore;
    assert.ok(beforeOf(base, { ...base, cells: row(most) }, 1));
    assert.equal(beforeOf(base, { ...base, cells: row(most + 1) }, 1), undefined);
  });
});
