// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import type { CapacityRecord } from '#learner/capacity/record.ts';
import type { StatusRecommendation } from '#cluster/policy/recommendations.ts';
import { WEB } from './shop-objects.ts';
import { Shop } from './shop.ts';

const FAST = { intervalSeconds: 120, cooldownSeconds: 0, changesPerHour: 1000, minReplicas: 1 };
const APPLY = { scaling: { mode: 'Apply', maxReplicas: 12, ...FAST } };
const RECOMMEND = { scaling: { mode: 'Recommend', maxReplicas: 12, ...FAST } };

let shop: Shop;

function last(): CapacityRecord | undefined {
  return shop.records.at(-1);
}

function recommendations(): readonly StatusRecommendation[] {
  return (shop.status?.['recommendations'] ?? []) as readonly StatusRecommendation[];
}

describe('scaling through the API server', () => {
  beforeEach(() => {
    shop = new Shop();
  });
  afterEach(() => shop.close());

  it('is off unless a policy turns it on', async () => {
    await shop.open(6, {});
    await shop.run(shop.learner(), 20, 120);
    assert.equal(shop.replicas, 6);
    assert.deepEqual(shop.records, []);
    assert.equal(shop.shard()?.scaling, undefined);
  });

  it('shrinks an idle workload through the scale subresource, and grows it under pressure', async () => {
    await shop.open(6, APPLY);
    const learner = shop.learner();
    await shop.run(learner, 60, 120);
    assert.ok(shop.replicas <= 3, `${shop.replicas} replicas`);
    const applied = shop.records.filter(({ outcome }) => outcome === 'applied');
    assert.ok(applied.length >= 3);
    assert.ok(shop.events.some(({ reason }) => reason === 'ReplicasChanged'));
    const idle = shop.replicas;
    shop.rate = 95 * idle;
    await shop.run(learner, 12, 120);
    assert.ok(shop.replicas > idle, `${shop.replicas} replicas`);
    const text = await shop.metrics.metrics();
    assert.match(text, /perihelion_capacity_decisions_total\{kind="scale",outcome="applied"/);
  });

  it('shows in mode Recommend what it would do, and does nothing', async () => {
    await shop.open(6, RECOMMEND);
    await shop.run(shop.learner(), 10, 120);
    assert.equal(shop.replicas, 6);
    const [one] = recommendations();
    assert.deepEqual(
      [one?.kind, one?.workload, one?.from, one?.to, one?.outcome],
      ['Scale', WEB, '6', '5', 'Recommended'],
    );
    const told = shop.events.filter(({ reason }) => reason === 'ReplicasRecommended');
    const shown = shop.records.filter(({ outcome }) => outcome === 'recommended');
    assert.ok(told.length > 0 && told.length < shown.length, 'not with every decision');
    assert.match(
      await shop.metrics.metrics(),
      /perihelion_capacity_recommendations\{kind="scale"\} 1/,
    );
  });

  it('only recommends where something else owns the number of replicas', async () => {
    await shop.open(6, APPLY);
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    const owners = [
      {
        object: {
          apiVersion: 'autoscaling/v2',
          kind: 'HorizontalPodAutoscaler',
          spec: { scaleTargetRef: target, maxReplicas: 9 },
        },
        at: ['autoscaling', 'horizontalpodautoscalers'],
      },
      {
        object: {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledObject',
          spec: { scaleTargetRef: { name: 'web' } },
        },
        at: ['keda.sh', 'scaledobjects'],
      },
      {
        object: {
          apiVersion: 'autoscaling.k8s.io/v1',
          kind: 'VerticalPodAutoscaler',
          spec: { targetRef: target, updatePolicy: { updateMode: 'Auto' } },
        },
        at: ['autoscaling.k8s.io', 'verticalpodautoscalers'],
      },
    ] as const;
    const learner = shop.learner();
    for (const { object, at } of owners) {
      await shop.apply({ ...object, metadata: { namespace: 'shop', name: 'web' } });
      await shop.run(learner, 10, 120);
      assert.equal(shop.replicas, 6, object.kind);
      assert.deepEqual([last()?.outcome, last()?.reason], ['refused', 'owned'], object.kind);
      shop.remove(at[0], at[1], 'web');
    }
    const advice = owners[2].object;
    await shop.apply({
      ...advice,
      spec: { ...advice.spec, updatePolicy: { updateMode: 'Off' } },
      metadata: { namespace: 'shop', name: 'web' },
    });
    await shop.run(learner, 10, 120);
    assert.ok(shop.replicas < 6, 'one that only advises owns nothing');
  });

  it('does nothing where it may not find out who owns a workload', async () => {
    await shop.open(6, APPLY);
    const forbidden = (): never => {
      throw new KubernetesError('GET', { status: 403, reason: 'Forbidden', message: 'no' });
    };
    const port = shop.port();
    const learner = shop.learner({
      capacity: {
        port: { ...port, autoscalers: () => Promise.resolve().then(forbidden) },
        metrics: { decided: () => undefined, recommended: () => undefined },
        onRecord: (record) => shop.records.push(record),
      },
    });
    await shop.run(learner, 10, 120);
    assert.equal(shop.replicas, 6);
    assert.equal(last()?.reason, 'owner-unknown');
  });

  it('leaves a PodDisruptionBudget room for one disruption', async () => {
    await shop.open(6, APPLY);
    await shop.apply({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { namespace: 'shop', name: 'web' },
      spec: { minAvailable: 4, selector: { matchLabels: { app: 'web' } } },
    });
    await shop.run(shop.learner(), 60, 120);
    assert.equal(shop.replicas, 5);
  });

  it('decides nothing while telemetry is silent, a rollout is under way or the circuit is open', async () => {
    await shop.open(6, APPLY);
    const learner = shop.learner();
    await shop.run(learner, 4, 120);
    const decided = shop.records.length;
    shop.silent = true;
    await shop.run(learner, 5, 120);
    assert.equal(shop.records.length, decided, 'silent');
    shop.silent = false;
    const resource = shop.pods()[0]?.metadata.name ?? '';
    await shop.client.patch(`/api/v1/namespaces/shop/pods/${resource}/status`, {
      type: 'merge',
      body: { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
    });
    await shop.run(learner, 5, 120);
    assert.equal(shop.records.length, decided, 'a Pod is not Ready');
    await shop.client.delete(`/api/v1/namespaces/shop/pods/${resource}`, {
      query: { gracePeriodSeconds: 0 },
    });
    await shop.reconcile();
    await shop.teach(
      {},
      {
        circuit: {
          state: 'open',
          reason: 'slo-breach',
          changedAt: shop.now,
          retryAt: shop.now + 1e9,
          coolingSeconds: 1e6,
          breaches: 3,
          unmeasured: 0,
          evidence: 1,
          trialsPassed: 0,
          trialAdvantage: 0,
        },
      },
    );
    await shop.run(learner, 5, 120);
    assert.equal(shop.records.length, decided, 'the circuit is open');
  });

  it('keeps to the budget of the hour, over leaders', async () => {
    await shop.open(8, { scaling: { ...APPLY.scaling, changesPerHour: 2 } });
    await shop.run(shop.learner(), 12, 120);
    await shop.run(shop.learner(), 12, 120);
    const applied = shop.records.filter(({ outcome }) => outcome === 'applied');
    assert.equal(applied.length, 2, 'in 48 minutes');
    assert.equal(shop.replicas, 6);
    assert.ok(shop.records.some(({ reason }) => reason === 'budget'));
  });

  it('never repeats an action of a leader that died, before it or after it', async () => {
    for (const death of ['before', 'after'] as const) {
      await shop.close();
      shop = new Shop();
      await shop.open(6, APPLY);
      const port = shop.port();
      let calls = 0;
      const dying = shop.learner({
        capacity: {
          port: {
            ...port,
            writeScale: async (target, read, replicas) => {
              calls += 1;
              shop.leader = false;
              if (death === 'before') throw new Error('killed');
              await port.writeScale(target, read, replicas);
              throw new Error('killed');
            },
          },
          metrics: { decided: () => undefined, recommended: () => undefined },
        },
      });
      for (let k = 0; k < 30 && calls === 0; k += 1) await shop.run(dying, 1, 120);
      assert.equal(calls, 1);
      const expected = death === 'before' ? 6 : 5;
      assert.equal(shop.replicas, expected);
      shop.leader = true;
      shop.now -= 60_000;
      // The next leader comes at once, and looks many times before the interval is over.
      const next = shop.learner();
      await shop.run(next, 5, 20);
      assert.equal(shop.replicas, expected, `${death}: not done again`);
      assert.deepEqual(shop.records, [], 'nor decided again within the interval');
    }
  });
});
