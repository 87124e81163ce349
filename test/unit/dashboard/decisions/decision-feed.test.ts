// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AdmissionEntry, SettlementEntry } from '#audit/entry.ts';
import { annotationsOf, readDecision } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { DecisionFeed, type FeedLimits } from '#dashboard/decisions/decision-feed.ts';

const KEY = 'a key of the test';

function record(id: string, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    ...{ id, decidedAt: 1000, workload: 'Deployment/web', tier: 'business', state: 'load=normal' },
    ...{ action: 'n1', propensity: 0.9, holdout: false, policy: 'demo@1', modelVersion: 3 },
    ...more,
  };
}

function pod(name: string, decision: DecisionRecord, more: Partial<SlimPod> = {}): SlimPod {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'owner' };
  const bare = { namespace: 'shop', name, owner };
  return {
    ...{ uid: `uid-${name}`, ...bare, labels: {}, nodeName: undefined, podIP: undefined },
    ...{ phase: 'Pending', createdAt: 1000, boundAt: undefined, readyAt: undefined },
    ...{ deletedAt: undefined, requiredAntiAffinity: [] },
    requests: { cpuMillicores: 0, memoryBytes: 0 },
    annotations: annotationsOf(decision, subjectOf(bare), KEY),
    ...more,
  };
}

function admission(id: string, more: Partial<AdmissionEntry> = {}): AdmissionEntry {
  return {
    ...{ kind: 'admission', time: new Date(1000).toISOString(), requestUid: 'u' },
    ...{ namespace: 'shop', workload: 'Deployment/web', outcome: 'injected', reason: 'chosen' },
    ...{ dryRun: false, patch: [], durationSeconds: 0.001, versions: { perihelion: '0' } },
    decision: {
      ...{ id, tier: 'business', state: 'load=normal', action: 'n1', propensity: 0.9 },
      ...{ holdout: false, choice: 'greedy', epsilon: 0.1, seed: 's', policy: 'demo@1' },
      ...{ infeasible: [{ action: 'n3', reason: 'taint' }], infeasibleOmitted: 0 },
      modelVersion: 3,
      candidates: [
        { action: '(default)', value: 0, weight: 1 },
        { action: 'n1', value: 0.5, weight: 2 },
      ],
    },
    ...more,
  };
}

function settlement(id: string): SettlementEntry {
  const measured = (value: number) =>
    ({
      kind: 'measured',
      value,
      windowSeconds: 4,
      samples: 9,
      ageSeconds: 0,
      quality: 'measured',
    }) as const;
  return {
    ...{ kind: 'settlement', time: new Date(9000).toISOString(), decisionId: id },
    ...{ namespace: 'shop', pod: 'web-a', workload: 'Deployment/web', asked: 'n1', landed: 'n1' },
    ...{ status: 'settled', reason: 'measured', costs: {}, reward: -0.9, advantage: 0.1 },
    ...{ cells: [], modelVersion: 4, versions: { perihelion: '0' } },
    readings: {
      podJoules: measured(30),
      requests: measured(200),
      errorRatio: measured(0.25),
      p99Milliseconds: measured(12),
    },
  };
}

function feed(limits?: FeedLimits, settled: readonly string[] = []): DecisionFeed {
  return new DecisionFeed({
    read: (one) => readDecision(one.annotations, subjectOf(one), KEY),
    targetOf: (_namespace, node) => node,
    isSettled: ({ id }) => settled.includes(id),
    ...(limits === undefined ? {} : { limits }),
  });
}

describe('the feed of decisions', () => {
  it('puts one decision together from its line, its Pod and its settling, in any order', () => {
    const parts = [
      (to: DecisionFeed) => to.onEntry(admission('d1')),
      (to: DecisionFeed) => to.onPod(pod('web-a', record('d1'), { nodeName: 'n1' })),
    ];
    for (const order of [parts, parts.toReversed()]) {
      const one = feed();
      for (const part of order) part(one);
      one.onEntry(settlement('d1'));
      const { rows, seen } = one.page({ limit: 10 });
      assert.equal(seen, 1);
      assert.equal(rows.length, 1);
      const [row] = rows;
      assert.equal(row?.pod, 'web-a');
      assert.equal(row.choice, 'greedy');
      assert.equal(row.landed, 'n1');
      assert.equal(row.status, 'settled');
      assert.equal(row.advantage, 0.1);
      assert.equal(row.p99Milliseconds, 12);
      assert.equal(row.joulesPerRequest, 30 / 150, 'of the requests served with success');
    }
  });

  it('holds of forged annotations as much as is shown, and takes no missing number for 0', () => {
    const one = feed();
    const long = 'x'.repeat(200_000);
    const annotations = {
      ...{ 'perihelion.dev/decision-id': long, 'perihelion.dev/state': long },
      ...{ 'perihelion.dev/action': long, 'perihelion.dev/workload': long },
    };
    one.onPod(pod('web-a', record('d1'), { annotations }));
    const { rows } = one.page({ limit: 10 });
    const [row] = rows;
    assert.ok(row !== undefined && !row.signed);
    const story = one.known(row.id);
    assert.ok(story !== undefined);
    for (const text of [row.id, row.action, row.workload, story.state]) {
      assert.ok(text.length <= 520, `${text.length} characters`);
    }
    assert.deepEqual([row.propensity, story.modelVersion], [undefined, undefined]);
  });

  it('says what it does not know: no choice without the line, looked at without the figures', () => {
    const one = feed(undefined, ['d1']);
    one.onPod(pod('web-a', record('d1')));
    one.onPod(pod('web-b', record('d2', { holdout: true, action: '(default)' })));
    const rows = new Map(one.page({ limit: 10 }).rows.map((row) => [row.id, row]));
    assert.equal(rows.get('d1')?.choice, undefined);
    assert.equal(rows.get('d1')?.status, 'looked-at');
    assert.equal(rows.get('d1')?.advantage, undefined);
    assert.equal(rows.get('d2')?.choice, 'holdout');
    assert.equal(rows.get('d2')?.status, 'open');
  });

  it('shows an altered decision as what it is, and never under the id that it claims', () => {
    const one = feed();
    const good = pod('web-a', record('d1'));
    const annotations = { ...good.annotations, 'perihelion.dev/action': 'n2' };
    one.onPod({ ...good, uid: 'other', name: 'web-x', annotations });
    one.onPod(good);
    const { rows } = one.page({ limit: 10 });
    assert.deepEqual(rows.map(({ id, signed }) => [id, signed]).sort(), [
      ['d1', true],
      ['unsigned:other', false],
    ]);
  });

  it('leaves a copied decision with the Pod that had it first', () => {
    const one = feed();
    one.onPod(pod('web-a', record('d1'), { nodeName: 'n1' }));
    one.onPod(pod('web-copy', record('d1'), { nodeName: 'n2' }));
    const { rows } = one.page({ limit: 10 });
    assert.deepEqual(
      rows.map(({ pod: name, landed }) => [name, landed]),
      [['web-a', 'n1']],
    );
  });

  it('leaves out dry runs and what carries no decision', () => {
    const one = feed();
    one.onEntry(admission('d1', { dryRun: true, outcome: 'dry-run' }));
    one.onPod(pod('web-a', record('d1'), { annotations: {} }));
    one.onEntry(settlement('never-seen'));
    assert.equal(one.page({ limit: 10 }).matching, 0);
  });

  it('forgets the oldest, by the time of the decision and not of its arrival', () => {
    const one = feed({ decisions: 3, loggedActions: 1000 });
    for (const at of [5, 1, 4, 2, 3]) {
      one.onPod(pod(`web-${at}`, record(`d${at}`, { decidedAt: at })));
    }
    const { rows, held, seen } = one.page({ limit: 10 });
    assert.deepEqual(
      rows.map(({ id }) => id),
      ['d5', 'd4', 'd3'],
    );
    assert.deepEqual([held, seen], [3, 5]);
    assert.equal(one.known('d1'), undefined);
  });

  it('shortens old lines when their actions are too many; the rows stay', () => {
    const one = feed({ decisions: 100, loggedActions: 7 });
    for (const id of ['d1', 'd2', 'd3']) one.onEntry(admission(id));
    assert.deepEqual(one.known('d1')?.admission?.decision?.candidates, []);
    assert.equal(one.known('d1')?.row.choice, 'greedy');
    assert.equal(one.known('d3')?.admission?.decision?.candidates.length, 2);
  });

  it('pages without a gap or a repetition, newest first', () => {
    const one = feed();
    for (let index = 0; index < 25; index += 1) {
      one.onPod(pod(`web-${index}`, record(`d${index}`, { decidedAt: index })));
    }
    const ids: string[] = [];
    let before: string | undefined;
    do {
      const page = one.page({ limit: 10, before });
      ids.push(...page.rows.map(({ id }) => id));
      before = page.next;
    } while (before !== undefined);
    assert.deepEqual(
      ids,
      Array.from({ length: 25 }, (_, index) => `d${24 - index}`),
    );
  });

  it('filters by text, choice and state', () => {
    const one = feed();
    one.onEntry(admission('d1'));
    one.onPod(pod('web-a', record('d1'), { nodeName: 'n1' }));
    one.onPod(pod('cart-b', record('d2', { workload: 'Deployment/cart' })));
    one.onEntry(settlement('d1'));
    const ids = (query: Parameters<DecisionFeed['page']>[0]): string[] =>
      one.page(query).rows.map(({ id }) => id);
    assert.deepEqual(ids({ limit: 9, text: 'SHOP/cart' }), ['d2']);
    assert.deepEqual(ids({ limit: 9, text: 'n1' }).sort(), ['d1', 'd2']);
    assert.deepEqual(ids({ limit: 9, choice: 'greedy' }), ['d1']);
    assert.deepEqual(ids({ limit: 9, status: 'open' }), ['d2']);
    assert.deepEqual(ids({ limit: 9, status: 'settled', text: 'cart' }), []);
  });

  it('tells of what changed, and only then', () => {
    const one = feed();
    const told: string[] = [];
    one.onChange((id) => told.push(id));
    const bound = pod('web-a', record('d1'), { nodeName: 'n1' });
    one.onPod(pod('web-a', record('d1')));
    one.onPod(bound);
    one.onPod({ ...bound, phase: 'Running' });
    one.onEntry(settlement('d1'));
    assert.deepEqual(told, ['d1', 'd1', 'd1']);
  });
});
