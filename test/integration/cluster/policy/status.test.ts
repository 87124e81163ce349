// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KubeClient } from '#cluster/api/client.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { projectPolicy } from '#cluster/policy/live-view.ts';
import {
  CONDITION_TYPES,
  nextPolicyStatus,
  writePolicyStatus,
  type ConditionWish,
  type StatusWishes,
} from '#cluster/policy/status.ts';
import { singleQueue } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';

const cluster = createCluster({
  application: singleQueue(10),
  machines: SEED_MACHINES,
  seed: 1,
  namespace: 'shop',
});
const config = new PooledKubeConfig();
const client = new KubeClient(config, { random: () => 0.5, sleep: () => Promise.resolve() });
const T = Date.UTC(2026, 0, 2, 3, 4, 5);

const wishes = (status: ConditionWish['status']): StatusWishes => ({
  conditions: CONDITION_TYPES.map((type) => ({
    type,
    status,
    reason: 'Because',
    message: 'It is so',
  })),
});

before(async () => {
  await cluster.start();
  config.loadFromString(cluster.kubeconfig);
});
after(async () => {
  await config.close();
  await cluster.stop();
});

void describe('the status of a policy over a socket', () => {
  const where = { namespace: 'shop', name: 'default' };
  const path = resourcePath(RESOURCES.policies, where);

  void test('is applied to the subresource, and leaves spec and generation alone', async () => {
    await client.create(resourcePath(RESOURCES.policies, { namespace: 'shop' }), {
      apiVersion: 'perihelion.dev/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: where,
      spec: { holdoutPercent: 7 },
    });
    const before_ = projectPolicy(await client.get(path));
    assert.equal(before_.status, undefined);
    const status = nextPolicyStatus(before_.status, wishes('True'), before_.generation, T);
    assert.ok(status);
    await writePolicyStatus(client, where, status);
    const after_ = projectPolicy(await client.get(path));
    assert.deepEqual(after_, { ...before_, status });
    assert.equal(nextPolicyStatus(after_.status, wishes('True'), after_.generation, T), undefined);
  });

  void test('a second write replaces the first', async () => {
    const now = projectPolicy(await client.get(path));
    const status = nextPolicyStatus(now.status, wishes('False'), now.generation, T + 1000);
    assert.ok(status);
    await writePolicyStatus(client, where, status);
    assert.deepEqual(projectPolicy(await client.get(path)).status, status);
  });

  void test('of a policy that is gone is refused', async () => {
    const status = nextPolicyStatus(undefined, wishes('True'), 1, T);
    assert.ok(status);
    await assert.rejects(
      writePolicyStatus(client, { namespace: 'shop', name: 'gone' }, status),
      (error) => KubernetesError.is(error, 404),
    );
  });
});
