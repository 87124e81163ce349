// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { replayCapacity } from '#audit/replay-capacity.ts';
import type { StoredMoving } from '#cluster/model/capacity.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import type { StatusRecommendation } from '#cluster/policy/recommendations.ts';
import type { CapacityRecord } from '#learner/capacity/record.ts';
import { Shop } from './shop.ts';

const APPLY = {
  rebalancing: { mode: 'Apply', cooldownSeconds: 300, movesPerHour: 2, horizonSeconds: 7200 },
  holdoutPercent: 0,
};

/** A cost that was measured often enough: 200 J to start, and a little latency. */
function cost(disturbanceSeconds: number): StoredMoving {
  return {
    moves: 0,
    startUpJoules: { mean: 200, variance: 4, weight: 5 },
    disturbanceSeconds: { mean: disturbanceSeconds, variance: 1, weight: 5 },
    measuredUntil: Number.MAX_SAFE_INTEGER,
    changes: [],
  };
}

const VALUES = { a: 0, b: 0.4 };

let shop: Shop;

function applied(): CapacityRecord[] {
  return shop.records.filter(({ outcome }) => outcome === 'applied');
}

function recommendations(): readonly StatusRecommendation[] {
  return (shop.status?.['recommendations'] ?? []) as readonly StatusRecommendation[];
}

describe('rebalancing through the Eviction API', () => {
  beforeEach(() => {
    shop = new Shop();
  });
  afterEach(() => shop.close());

  /** A shop whose Pods run on `a` while `b` is better, and new ones are sent to `b`. */
  async function stale(spec: object, moving: StoredMoving | undefined): Promise<void> {
    await shop.open(4, spec);
    const learner = shop.learner();
    await shop.run(learner, 6, 60);
    const ids = shop
      .pods()
      .map(({ metadata }) => metadata.annotations?.[DECISION_ANNOTATIONS.id] ?? '');
    await shop.teach(VALUES, { settled: ids, ...(moving === undefined ? {} : { moving }) });
    shop.target = 'b';
  }

  it('moves one Pod at a time to the better target, within its budget', async () => {
    await stale(APPLY, cost(5));
    const learner = shop.learner();
    await shop.run(learner, 12, 60);
    assert.ok([1, 2].includes(applied().length), `${applied().length} moves`);
    for (const record of applied()) {
      assert.deepEqual([record.move?.from, record.move?.to], ['a', 'b']);
      assert.deepEqual(replayCapacity({ ...record, versions: { perihelion: '0' } }), []);
    }
    await shop.run(learner, 30, 60);
    assert.equal(applied().length, 2, 'two within the hour');
    assert.deepEqual(shop.nodes, ['a', 'a', 'b', 'b']);
    const [first, second] = applied();
    const between = Date.parse(second?.time ?? '') - Date.parse(first?.time ?? '');
    assert.ok(between >= 300_000, 'after the cooldown');
    assert.ok(shop.records.some(({ reason }) => reason === 'cooldown' || reason === 'budget'));
    assert.ok(shop.events.some(({ reason }) => reason === 'PodMoved'));
    await shop.run(learner, 60, 60);
    assert.deepEqual(shop.nodes, ['b', 'b', 'b', 'b'], 'the rest in the next hours');
    const moves = applied().length;
    await shop.run(learner, 60, 60);
    assert.equal(applied().length, moves, 'and then nothing any more');
  });

  it('moves nothing where moving does not pay', async () => {
    // p99 suffers so much with every start that two hours of the saving do not make up for it.
    await stale(APPLY, cost(5000));
    await shop.run(shop.learner(), 60, 60);
    assert.deepEqual(shop.nodes, ['a', 'a', 'a', 'a']);
    assert.ok(shop.records.some(({ reason }) => reason === 'does-not-pay'));
    assert.deepEqual(recommendations(), [], 'nor is it recommended');
  });

  it('moves nothing on a cost that was never measured, but shows it', async () => {
    await stale(APPLY, { ...cost(5), startUpJoules: { mean: 0, variance: 0, weight: 0 } });
    await shop.run(shop.learner(), 20, 60);
    assert.deepEqual(shop.nodes, ['a', 'a', 'a', 'a']);
    const [one] = recommendations();
    assert.deepEqual([one?.kind, one?.outcome, one?.reason], ['Move', 'Refused', 'cost-unknown']);
  });

  it('moves nothing to a target that is hardly better, or that has no evidence', async () => {
    await stale(APPLY, cost(5));
    await shop.teach({ a: 0.38, b: 0.4 }, {});
    await shop.run(shop.learner(), 10, 60);
    await shop.teach({ a: 0 }, {});
    await shop.run(shop.learner(), 10, 60);
    assert.deepEqual(shop.nodes, ['a', 'a', 'a', 'a']);
  });

  it('moves nothing to a target that the Pod cannot go to', async () => {
    await stale(APPLY, cost(5));
    await shop.client.patch('/api/v1/nodes/b', {
      type: 'merge',
      body: { spec: { unschedulable: true } },
    });
    await shop.run(shop.learner(), 10, 60);
    assert.deepEqual(shop.nodes, ['a', 'a', 'a', 'a']);
    assert.equal(applied().length, 0);
  });

  it('shows a move in mode Recommend, and leaves the Pod', async () => {
    await stale({ ...APPLY, rebalancing: { ...APPLY.rebalancing, mode: 'Recommend' } }, cost(5));
    await shop.run(shop.learner(), 10, 60);
    assert.deepEqual(shop.nodes, ['a', 'a', 'a', 'a']);
    const [one] = recommendations();
    assert.deepEqual(
      [one?.kind, one?.from, one?.to, one?.outcome],
      ['Move', 'a', 'b', 'Recommended'],
    );
    assert.ok(shop.pods().some(({ metadata }) => metadata.name === one?.pod));
  });

  it('is stopped by a PodDisruptionBudget, and asks again only after the cooldown', async () => {
    await stale(APPLY, cost(5));
    await shop.apply({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { namespace: 'shop', name: 'web' },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'web' } } },
    });
    await shop.run(shop.learner(), 5, 60);
    assert.deepEqual(shop.nodes, ['a', 'a', 'a', 'a']);
    const asked = shop.records.filter(({ reason }) => reason === 'disruption-budget');
    assert.equal(asked.length, 1);
    shop.remove('policy', 'poddisruptionbudgets', 'web');
    await shop.run(shop.learner(), 10, 60);
    assert.ok(shop.nodes.includes('b'));
  });

  it('never moves a second Pod for one move of a leader that died', async () => {
    for (const death of ['before', 'after'] as const) {
      await shop.close();
      shop = new Shop();
      await stale(APPLY, cost(5));
      const port = shop.port();
      let calls = 0;
      const dying = shop.learner({
        capacity: {
          port: {
            ...port,
            evict: async (pod) => {
              calls += 1;
              shop.leader = false;
              if (death === 'after') await port.evict(pod);
              throw new Error('killed');
            },
          },
          metrics: { decided: () => undefined, recommended: () => undefined },
        },
      });
      for (let k = 0; k < 10 && calls === 0; k += 1) await shop.run(dying, 1, 60);
      assert.equal(calls, 1);
      shop.leader = true;
      await shop.run(shop.learner(), 3, 60);
      const moved = shop.nodes.filter((node) => node === 'b').length;
      assert.equal(moved, death === 'before' ? 0 : 1, death);
      assert.equal(shop.shard()?.moving?.moves, 1, 'it stands in the ledger');
    }
  });

  it('measures what starts cost, from rollouts, each once', async () => {
    await shop.open(3, APPLY);
    const learner = shop.learner();
    await shop.run(learner, 6, 60);
    const first = shop.shard()?.moving;
    assert.equal(first?.startUpJoules.weight, 1);
    // Requests and a running Pod cost the same in both windows; what is left is its start.
    const joules = first.startUpJoules.mean;
    assert.ok(Math.abs(joules - 200) < 60, `${joules} J`);
    await shop.run(shop.learner(), 6, 60);
    assert.equal(shop.shard()?.moving?.startUpJoules.weight, 1, 'not again by the next leader');
  });
});
