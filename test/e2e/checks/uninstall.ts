// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api.ts';
import { expect } from '../checks.ts';
import { installManifests } from '../manifests.ts';
import type { KubeObject } from '../objects.ts';
import { CONFIGURATIONS } from '../trust/configuration.ts';
import { collectionOf, shuffled } from '../trust/objects.ts';
import { PodLoad } from '../trust/pod-load.ts';
import { publishTrustPolicy, TRUST } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { waitFor } from '../wait.ts';

/** An order in which people might delete what they have installed. */
interface Order {
  readonly name: string;
  readonly sort: (objects: readonly KubeObject[]) => readonly KubeObject[];
}

const ORDERS: readonly Order[] = [
  { name: 'as documented', sort: (objects) => byKind(objects, 'MutatingWebhookConfiguration') },
  {
    name: 'the configuration last of all',
    sort: (objects) => byKind(objects, 'MutatingWebhookConfiguration').toReversed(),
  },
  { name: 'at random (1)', sort: (objects) => shuffled(objects, 1) },
  { name: 'at random (2)', sort: (objects) => shuffled(objects, 2) },
];
const PAUSE_MILLISECONDS = 40;
/** A round of the certificates, in which a replica could put back what was deleted, and a bit. */
const AFTERMATH_MILLISECONDS = 6500;
/** The shipped time-out of a call, with room for a machine that is busy. */
const MOST_MILLISECONDS = 5000;

/**
 * Deletes every object of the manifests in several orders while the product runs and Pods are
 * created: no creation ever fails, nothing comes back, and nothing is left behind.
 */
export async function checkUninstall(stage: TrustStage): Promise<void> {
  for (const [index, order] of ORDERS.entries()) {
    if (index > 0) await reinstall(stage, index);
    await stage.checks.check(`uninstall: ${order.name}`, () => uninstall(stage, order));
  }
}

async function uninstall(stage: TrustStage, order: Order): Promise<string> {
  const { controlPlane, manifests, product } = stage;
  const { api } = controlPlane;
  const load = new PodLoad({
    ...{ api, namespace: TRUST, prefix: `leaving-${Date.now()}` },
    ...{ concurrency: 2, pauseMilliseconds: 30, dryRun: false },
  });
  try {
    for (const object of order.sort(manifests.objects)) {
      await api.delete(`${collectionOf(object)}/${object.metadata.name}`);
      if (object.kind === 'Deployment' && object.metadata.name.includes('admission')) {
        // Its Pods get their signal; endpoints follow.
        void product.stop('admission').then(() => product.forwarder.setBackends([]));
      }
      await sleep(PAUSE_MILLISECONDS);
    }
    await sleep(AFTERMATH_MILLISECONDS);
    const path = `${CONFIGURATIONS}/${manifests.configuration}`;
    expect((await api.find(path)) === undefined, 'the webhook configuration has come back');
  } finally {
    await load.stop();
    await product.stop('admission');
    await product.stop('learner');
  }
  expect(load.failures.length === 0, `creations failed: ${load.failures[0] ?? ''}`);
  const { created, longestMilliseconds } = load;
  expect(longestMilliseconds < MOST_MILLISECONDS, `a creation took ${longestMilliseconds} ms`);
  await waitFor('an empty cluster', { timeoutSeconds: 90, everyMilliseconds: 500 }, async () => {
    const left = await leftovers(api, manifests.objects);
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    return true;
  });
  const seconds = (longestMilliseconds / 1000).toFixed(1);
  return `${manifests.objects.length} objects, ${created} Pods created meanwhile, none took more than ${seconds} s, nothing left`;
}

/** Installs it again and waits until it injects. */
async function reinstall(stage: TrustStage, turn: number): Promise<void> {
  const { controlPlane, manifests, product, folder } = stage;
  const { api, kubectl } = controlPlane;
  const url = `https://127.0.0.1:${product.forwarder.port}`;
  await installManifests({ api, kubectl, folder }, manifests, url);
  await publishTrustPolicy(api);
  product.tokens.clear();
  const replica = await product.add(`again-${turn}`, 'admission');
  await product.add(`again-learner-${turn}`, 'learner');
  await waitFor('readiness', { timeoutSeconds: 60 }, () => product.isReady(replica));
  product.forwarder.setBackends([replica.webhookPort]);
}

/** Every object of the kinds in the manifests that carries the product's label or name. */
async function leftovers(api: Api, objects: readonly KubeObject[]): Promise<string[]> {
  const collections = new Set(objects.map(collectionOf));
  const left: string[] = [];
  for (const collection of collections) {
    const found = await api.find<{ items: readonly KubeObject[] }>(collection);
    for (const { metadata } of found?.items ?? []) {
      const labels = Object.values(metadata.labels ?? {});
      const ours = metadata.name.includes('perihelion') || labels.includes('perihelion');
      if (ours) left.push(`${collection}/${metadata.name}`);
    }
  }
  return left;
}

/** Objects of one kind first, the others as they are shipped. */
function byKind(objects: readonly KubeObject[], kind: string): KubeObject[] {
  const first = objects.filter((object) => object.kind === kind);
  return [...first, ...objects.filter((object) => object.kind !== kind)];
}
