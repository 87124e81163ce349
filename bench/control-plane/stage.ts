// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeObservation } from '#cluster/model/codec.ts';
import { modelLabels, observationName } from '#cluster/model/name.ts';
import { startControlPlane, type ControlPlane } from '../../test/e2e/control-plane.ts';
import {
  installManifests,
  publishedBundle,
  renderManifests,
  type Manifests,
} from '../../test/e2e/manifests.ts';
import { createNodes, type NodeSpec } from '../../test/e2e/nodes.ts';
import type { Processes } from '../../test/e2e/processes.ts';
import { Product } from '../../test/e2e/product.ts';
import type { Tools } from '../../test/e2e/tools.ts';
import { waitFor } from '../../test/e2e/wait.ts';
import { makeCertificate } from '../admission/certificate.ts';
import { startNodeServer, type Subject } from '../admission/servers.ts';
import { readFileSync } from 'node:fs';

/** Who meets a Pod on its way; each has a namespace of that name. */
export const ARMS = ['none', 'perihelion', 'express'] as const;
export type Arm = (typeof ARMS)[number];

/** Name of the webhook of each arm, as the API server's metrics have it. */
export const WEBHOOKS = {
  perihelion: 'placement.perihelion.dev',
  express: 'express.bench.example',
} as const;

/** The cluster of a run, with everything that meets Pods in it. */
export interface BenchCluster {
  readonly controlPlane: ControlPlane;
  readonly product: Product;
  /** Everything that was started, but for the Express webhook. */
  readonly processes: Processes;
  stop(): Promise<void>;
}

const POLICY = 'bench';
const REPLICAS = 2;
/** An observation older than a minute does not count, so it is renewed as the learner would. */
const RENEW_MILLISECONDS = 20_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Real etcd, API server, scheduler and controllers with KWOK nodes; two replicas of the product as
 * the manifests install it, without a learner: what it would have measured is written as it would
 * write it. Beside it a stock Express webhook with a constant patch.
 */
export async function setBenchCluster(spec: {
  readonly tools: Tools;
  readonly processes: Processes;
  readonly folder: string;
  readonly nodes: number;
}): Promise<BenchCluster> {
  const { tools, processes, folder } = spec;
  const controlPlane = await startControlPlane({
    ...{ tools, processes, folder: join(folder, 'control-plane') },
  });
  const { api, kubectl } = controlPlane;
  const nodes = Array.from({ length: spec.nodes }, (_, index) => nodeSpec(index));
  await createNodes(api, nodes);
  const manifests = await renderManifests(kubectl, join(ROOT, 'manifests/base'));
  const product = new Product({
    ...{ controlPlane, processes, manifests, folder },
    main: join(ROOT, 'src/main.ts'),
    prometheusUrl: 'http://127.0.0.1:9',
    settings: { logLevel: 'info' },
  });
  const port = await product.forwarder.start();
  await installManifests({ api, kubectl, folder }, manifests, `https://127.0.0.1:${port}`);
  await createNamespaces(controlPlane);
  const renewal = new AbortController();
  await publish(controlPlane, nodes);
  const renewed = keepPublishing(controlPlane, nodes, renewal.signal);
  await startReplicas(controlPlane, product, manifests);
  const express = await startExpress(controlPlane, folder);
  return {
    controlPlane,
    product,
    processes,
    stop: async () => {
      renewal.abort();
      await renewed;
      await express.stop();
      await product.forwarder.stop();
      await api.close();
    },
  };
}

function nodeSpec(index: number): NodeSpec {
  const name = `node-${String(index).padStart(3, '0')}`;
  return { name, labels: { 'kubernetes.io/hostname': name }, cores: 8 };
}

async function createNamespaces({ api }: ControlPlane): Promise<void> {
  const labels: Record<Arm, Record<string, string>> = {
    none: {},
    perihelion: { 'perihelion.dev/placement': 'enabled' },
    express: { bench: 'express' },
  };
  for (const name of ARMS) {
    await api.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: labels[name] },
    });
  }
  for (const name of ARMS) {
    await waitFor(`the ServiceAccount of ${name}`, { timeoutSeconds: 20 }, () =>
      api.find(`/api/v1/namespaces/${name}/serviceaccounts/default`),
    );
  }
  const apiVersion = 'perihelion.dev/v1alpha1';
  await api.create(`/apis/${apiVersion}/namespaces/perihelion/placementpolicies`, {
    apiVersion,
    kind: 'PlacementPolicy',
    metadata: { name: POLICY },
    // Nothing is learned here, so without this every Pod would be burn-in and get no term.
    spec: { learning: { burnInDecisions: 0 }, exploration: { budgetPerHour: 1_000_000 } },
  });
}

async function keepPublishing(
  controlPlane: ControlPlane,
  nodes: readonly NodeSpec[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await sleep(RENEW_MILLISECONDS, undefined, { signal });
    } catch {
      return;
    }
    await publish(controlPlane, nodes);
  }
}

/** Writes what a learner would have seen: every node healthy. */
async function publish({ api }: ControlPlane, nodes: readonly NodeSpec[]): Promise<void> {
  const targets = Object.fromEntries(
    nodes.map(({ name }, index) => [
      name,
      { health: 'healthy' as const, cpuRatio: 0.3, memoryRatio: 0.3, watts: 90 + (index % 7) },
    ]),
  );
  const observation = { namespace: 'perihelion', policy: POLICY, targets, workloads: {} };
  const name = observationName(POLICY);
  await api.apply(`/apis/perihelion.dev/v1alpha1/namespaces/perihelion/placementmodels/${name}`, {
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementModel',
    metadata: { name, labels: modelLabels(POLICY, 'observation') },
    spec: { ...encodeObservation({ ...observation, observedAt: Date.now() }) },
  });
}

async function startReplicas(
  { api }: ControlPlane,
  product: Product,
  manifests: Manifests,
): Promise<void> {
  for (let index = 1; index <= REPLICAS; index += 1) {
    await product.add(`admission-${index}`, 'admission');
  }
  product.forwarder.setBackends(product.of('admission').map(({ webhookPort }) => webhookPort));
  await product.waitReady(60);
  await waitFor('a caBundle', { timeoutSeconds: 60 }, async () => {
    return (await publishedBundle(api, manifests.configuration)) !== '';
  });
}

async function startExpress({ api }: ControlPlane, folder: string): Promise<Subject> {
  const files = await makeCertificate(folder);
  const express = await startNodeServer('express', 'express-server.ts', files);
  await api.create('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'bench-express' },
    webhooks: [
      {
        name: WEBHOOKS.express,
        clientConfig: {
          url: `https://127.0.0.1:${express.port}/mutate`,
          caBundle: readFileSync(files.authority).toString('base64'),
        },
        namespaceSelector: { matchLabels: { bench: 'express' } },
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
        ],
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        timeoutSeconds: 2,
      },
    ],
  });
  return express;
}
