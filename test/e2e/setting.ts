// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ActSpec } from './acts.ts';
import { checkLeaves, checkPublishedBundle } from './checks/certificate.ts';
import { startControlPlane } from './control-plane.ts';
import { Ledger } from './ledger.ts';
import { installManifests, renderManifests } from './manifests.ts';
import { Models } from './models.ts';
import { createNodes } from './nodes.ts';
import { Product } from './product.ts';
import { startPrometheus } from './prometheus.ts';
import { oneFigure } from './results.ts';
import type { Figure } from './results.ts';
import { MACHINES, NODES, PLAIN, POLICIES, PROBE, SHOP, TARGETS, TRAFFIC } from './stage.ts';
import type { Stage } from './stage.ts';
import { waitFor } from './wait.ts';
import { World } from './world.ts';

/** Replicas of the webhook. */
const ADMISSION_REPLICAS = 2;

/** Everything but the product: cluster, nodes, world, Prometheus, manifests, policies. */
export async function setStage(act: ActSpec, timings: Record<string, Figure>): Promise<Stage> {
  const { tools, processes, progress, checks } = act;
  const started = await progress.step('control plane', () =>
    startControlPlane({ tools, processes, folder: join(act.folder, 'control-plane') }),
  );
  timings['controlPlaneReady'] = oneFigure(started.seconds, 'seconds');
  const controlPlane = started.value;
  const { api, kubectl } = controlPlane;
  await progress.step(`${NODES.length} nodes`, () => createNodes(api, NODES));
  const world = new World({ api, machines: MACHINES, traffic: TRAFFIC, seed: 1 });
  await world.start();
  const { value: prometheus } = await progress.step('Prometheus', () =>
    startPrometheus({
      file: tools.prometheus,
      processes,
      folder: join(act.folder, 'prometheus'),
      exporters: world.url,
    }),
  );
  const manifests = await renderManifests(kubectl, act.manifests);
  const product = new Product({
    ...{ controlPlane, processes, manifests, main: act.main },
    prometheusUrl: prometheus.url,
    folder: act.folder,
  });
  const port = await product.forwarder.start();
  await checks.check('manifests: a server-side dry run accepts them as shipped', async () => {
    const at = { api, kubectl, folder: act.folder };
    const lines = await installManifests(at, manifests, `https://127.0.0.1:${port}`);
    return `${lines.length} objects`;
  });
  await createNamespaces(controlPlane.api);
  const ledger = new Ledger(api);
  const models = new Models(api);
  await ledger.start();
  models.start();
  return {
    ...{ progress, checks, controlPlane, world, prometheus, manifests, product, ledger, models },
  };
}

async function createNamespaces(api: Stage['controlPlane']['api']): Promise<void> {
  const optedIn = { 'perihelion.dev/placement': 'enabled' };
  for (const name of [SHOP, PROBE, PLAIN]) {
    const labels = name === PLAIN ? {} : optedIn;
    await api.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
  }
  // Even so, nothing there may be touched.
  await api.merge('/api/v1/namespaces/kube-system', { metadata: { labels: optedIn } });
  for (const [namespace, spec] of Object.entries(POLICIES)) {
    const apiVersion = 'perihelion.dev/v1alpha1';
    await api.create(`/apis/${apiVersion}/namespaces/${namespace}/placementpolicies`, {
      ...{ apiVersion, kind: 'PlacementPolicy', metadata: { name: 'e2e' }, spec },
    });
  }
  for (const namespace of [SHOP, PROBE, PLAIN, 'kube-system']) {
    await waitFor(`the ServiceAccount of ${namespace}`, { timeoutSeconds: 60 }, () =>
      api.find(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
    );
  }
}

/** Whether the product is up; if it is not, no other check of it can mean anything. */
export async function startProduct(
  act: ActSpec,
  stage: Stage,
  timings: Record<string, Figure>,
): Promise<boolean> {
  const { checks, product, models } = stage;
  const begin = performance.now();
  await product.start(ADMISSION_REPLICAS);
  if (!(await checkPublishedBundle(stage))) return false;
  const ready = await checks.check('the product becomes ready', async () => {
    await product.waitReady(60);
    const seconds = (performance.now() - begin) / 1000;
    timings['productReady'] = oneFigure(seconds, 'seconds');
    return `${product.replicas.length} processes in ${seconds.toFixed(1)} s`;
  });
  if (!ready) return false;
  await checkLeaves(stage);
  return checks.check('telemetry: the learner publishes what it observes', () =>
    waitFor('a healthy observation', { timeoutSeconds: 60 }, () => {
      const texts = [SHOP, PROBE].map((namespace) => {
        const health = models.observations.get(namespace)?.health ?? {};
        const dark = health[TARGETS.dark] ?? 'absent';
        const ok = health[TARGETS.one] === 'healthy' && health[TARGETS.two] === 'healthy';
        if (!ok || dark === 'healthy') throw new Error(`${namespace}: ${JSON.stringify(health)}`);
        return `${namespace} ${Object.entries(health)
          .map(([name, is]) => `${name} ${is}`)
          .join(', ')}`;
      });
      act.progress.say(stage.world.describe());
      return texts.join('; ');
    }),
  );
}
