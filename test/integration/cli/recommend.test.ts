// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { singleQueue } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';
import { run } from './stage.ts';

const cluster = createCluster({
  application: singleQueue(10),
  machines: SEED_MACHINES,
  seed: 1,
  namespace: 'shop',
});
const folder = mkdtempSync(join(tmpdir(), 'perihelion-recommend-'));
const kubeconfig = join(folder, 'kubeconfig');
const recommend = (...more: string[]) => run(['recommend', '--kubeconfig', kubeconfig, ...more]);

before(async () => {
  await cluster.start();
  writeFileSync(kubeconfig, cluster.kubeconfig);
});

after(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true });
});

async function policy(scaling: string): Promise<void> {
  await cluster.apply({
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { namespace: 'shop', name: 'shop' },
    spec: { scaling: { mode: scaling } },
  });
}

describe('perihelion recommend', () => {
  it('says that everything is off, or that there is nothing to say', async () => {
    await policy('Off');
    assert.match((await recommend()).stdout, /are Off/);
    await policy('Recommend');
    const { code, stdout } = await recommend();
    assert.deepEqual([code, stdout], [0, 'nothing is recommended now\n']);
  });

  it('shows what stands in the status, and nothing of another namespace', async () => {
    const one = {
      kind: 'Scale',
      namespace: 'shop',
      workload: 'Deployment/web',
      from: '4',
      to: '3',
      outcome: 'Refused',
      reason: 'owned',
      message: 'Deployment/web would do with 3 replicas instead of 4: owned',
      since: '2026-01-01T00:00:00Z',
    };
    const url = `${cluster.url}/apis/perihelion.dev/v1alpha1/namespaces/shop/placementpolicies/shop/status`;
    const answer = await fetch(url, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ status: { recommendations: [one] } }),
    });
    assert.equal(answer.status, 200);
    const { stdout } = await recommend();
    assert.match(stdout, /shop +Deployment\/web +scale +4 +3 +Refused: owned/);
    const json = JSON.parse((await recommend('--output', 'json')).stdout) as object;
    assert.deepEqual(json, {
      recommending: 1,
      recommendations: [{ policy: 'shop/shop', ...one }],
    });
    assert.equal((await recommend('-n', 'other')).stdout, 'nothing is recommended now\n');
  });

  it('refuses what it does not know with exit code 2', async () => {
    const { code, stderr } = await recommend('--output', 'yaml');
    assert.equal(code, 2);
    assert.match(stderr, /output/);
  });
});
