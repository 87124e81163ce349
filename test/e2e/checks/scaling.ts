// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findAutoscalers } from '#cluster/actions/autoscalers.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { evictPod } from '#cluster/actions/eviction.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { ScaleClient } from '#cluster/actions/scale.ts';
import { expect } from '../checks.ts';
import { isServing } from '../objects.ts';
import type { KubeObject, Pod } from '../objects.ts';
import { SHOP, SHOP_REPLICAS } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';

/** Nobody decides about it: it is scaled and evicted from by hand, by the product's own calls. */
const BY_HAND = 'by-hand';
const WORKLOAD = 'frontend';
const POLICY_PATH = `/apis/perihelion.dev/v1alpha1/namespaces/${SHOP}/placementpolicies/e2e`;
const SCALING = {
  mode: 'Apply',
  minReplicas: 1,
  maxReplicas: SHOP_REPLICAS + 4,
  intervalSeconds: 30,
  cooldownSeconds: 0,
  changesPerHour: 100,
};
const AUTOSCALER = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: WORKLOAD },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: WORKLOAD },
    minReplicas: SHOP_REPLICAS,
    maxReplicas: SHOP_REPLICAS,
  },
};

/**
 * Replicas through the scale subresource, with an autoscaler that owns them and without; evictions
 * under a real PodDisruptionBudget. To be played while the product runs and the shop has traffic,
 * after what counts the shop's Pods.
 */
export async function checkScaling(stage: Stage, root: string): Promise<void> {
  const { kubectl } = stage.controlPlane;
  const rights = join(root, 'manifests/components/scaling-and-moving/rbac.yaml');
  await kubectl.run('apply', '-f', rights);
  await checkCalls(stage);
  await checkOwned(stage);
}

/** The calls that scaling and rebalancing are made of, against the real API server. */
async function checkCalls(stage: Stage): Promise<void> {
  const { api } = stage.controlPlane;
  const config = configOf(stage);
  const client = new KubeClient(config, { random: Math.random, sleep: () => Promise.resolve() });
  try {
    await api.create(
      pathOf('Deployment', SHOP),
      controller('Deployment', BY_HAND, { replicas: 2 }),
    );
    const [pod] = await serving(stage, 2);
    await stage.checks.check('scaling: the scale subresource is a lock', async () => {
      const scales = new ScaleClient(client);
      const target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: SHOP, name: BY_HAND };
      const read = await scales.read(target);
      expect(read?.replicas === 2, `it says ${read?.replicas ?? 'nothing'}`);
      expect(await scales.write(target, read, 3), 'the first write was refused');
      expect(!(await scales.write(target, read, 4)), 'a write of an old version was taken');
      await serving(stage, 3);
      return 'from 2 to 3, and an old version is refused';
    });
    await stage.checks.check(
      'scaling: autoscalers that are not installed own nothing',
      async () => {
        const found = await findAutoscalers(client, SHOP);
        expect(found.kind === 'known', found.kind === 'unknown' ? found.why : '');
        return `${found.owners.size} owners, with KEDA and VPA not installed`;
      },
    );
    await stage.checks.check('moving: a PodDisruptionBudget stops an eviction', () =>
      checkEviction(stage, client, pod),
    );
  } finally {
    await config.close();
  }
}

async function checkEviction(
  stage: Stage,
  client: KubeClient,
  pod: Pod | undefined,
): Promise<string> {
  const { api } = stage.controlPlane;
  const { name = '', uid = '' } = pod?.metadata ?? {};
  const at = { namespace: SHOP, name, uid };
  // Before there is a budget: the API server charges it before it looks at the UID.
  const other = await evictPod(client, { ...at, uid: '00000000-0000-4000-8000-000000000000' });
  expect(other.kind === 'gone', `another UID of the same name was ${other.kind}`);
  const path = `/apis/policy/v1/namespaces/${SHOP}/poddisruptionbudgets`;
  await api.create(path, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: BY_HAND },
    spec: { minAvailable: 3, selector: { matchLabels: { app: BY_HAND } } },
  });
  const budget = `${path}/${BY_HAND}`;
  await waitFor('the disruption controller', { timeoutSeconds: 60 }, async () => {
    const found = await api.find<Budget>(budget);
    return found?.status?.currentHealthy === 3;
  });
  const refused = await evictPod(client, at);
  expect(refused.kind === 'refused', `with no disruption allowed it was ${refused.kind}`);
  await api.merge(budget, { spec: { minAvailable: 2 } });
  await waitFor('a disruption to be allowed', { timeoutSeconds: 60 }, async () => {
    const found = await api.find<Budget>(budget);
    return (found?.status?.disruptionsAllowed ?? 0) > 0;
  });
  const evicted = await evictPod(client, at);
  expect(evicted.kind === 'evicted', `with one allowed it was ${evicted.kind}`);
  const left = await serving(stage, 3);
  expect(
    left.every((one) => one.metadata.uid !== uid),
    'the Pod is still there',
  );
  return 'refused with 429, then evicted, and never by its name alone';
}

/** An autoscaler that owns a workload leaves only a recommendation; without it, it is scaled. */
async function checkOwned(stage: Stage): Promise<void> {
  const { api } = stage.controlPlane;
  const autoscalers = `/apis/autoscaling/v2/namespaces/${SHOP}/horizontalpodautoscalers`;
  await api.create(autoscalers, AUTOSCALER);
  await api.merge(POLICY_PATH, { spec: { scaling: SCALING } });
  await stage.checks.check('scaling: an autoscaler owns its workload', async () => {
    const one = await waitFor('a recommendation', { timeoutSeconds: 300 }, async () => {
      const policy = await api.find<PolicyObject>(POLICY_PATH);
      return policy?.status?.recommendations?.find(
        ({ workload, reason }) => workload === `Deployment/${WORKLOAD}` && reason === 'owned',
      );
    });
    const replicas = await replicasOf(stage);
    expect(replicas === SHOP_REPLICAS, `there are ${replicas} replicas`);
    return `${one.from} to ${one.to} is only recommended: ${one.reason ?? ''}`;
  });
  await api.delete(`${autoscalers}/${WORKLOAD}`);
  await stage.checks.check(
    'scaling: without one it is scaled, and the audit log tells',
    async () => {
      const replicas = await waitFor('another size', { timeoutSeconds: 180 }, async () => {
        const now = await replicasOf(stage);
        return now === SHOP_REPLICAS ? undefined : now;
      });
      const lines = await waitFor('the audit line', { timeoutSeconds: 60 }, () => {
        const found = appliedLines(stage);
        return found > 0 ? found : undefined;
      });
      return `${SHOP_REPLICAS} became ${replicas}, ${lines} lines`;
    },
  );
  await api.merge(POLICY_PATH, { spec: { scaling: { ...SCALING, mode: 'Off' } } });
}

interface Budget extends KubeObject {
  readonly status?: { readonly currentHealthy?: number; readonly disruptionsAllowed?: number };
}

interface PolicyObject extends KubeObject {
  readonly status?: {
    readonly recommendations?: readonly {
      readonly workload: string;
      readonly from: string;
      readonly to: string;
      readonly reason?: string;
    }[];
  };
}

async function serving({ controlPlane }: Stage, count: number): Promise<readonly Pod[]> {
  const path = `${pathOf('Pod', SHOP)}?labelSelector=app%3D${BY_HAND}`;
  return waitFor(`${count} Ready Pods`, { timeoutSeconds: 60 }, async () => {
    const found = (await controlPlane.api.list<Pod>(path)).filter(isServing);
    return found.length === count ? found : undefined;
  });
}

async function replicasOf({ controlPlane }: Stage): Promise<number> {
  const path = `${pathOf('Deployment', SHOP)}/${WORKLOAD}`;
  const found = await controlPlane.api.find<KubeObject & { spec: { replicas: number } }>(path);
  return found?.spec.replicas ?? 0;
}

function appliedLines({ product }: Stage): number {
  return product.auditFiles.filter(existsSync).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"kind":"capacity"') && line.includes('"applied"')),
  ).length;
}

function configOf({ controlPlane }: Stage): PooledKubeConfig {
  const { url, authority, token } = controlPlane.api.access;
  const config = new PooledKubeConfig();
  const name = 'e2e';
  const ca = Buffer.from(authority).toString('base64');
  config.loadFromString(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [{ name, cluster: { server: url, 'certificate-authority-data': ca } }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    }),
  );
  return config;
}
