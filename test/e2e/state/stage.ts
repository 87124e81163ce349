// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ActSpec } from '../acts.ts';
import type { Api } from '../api.ts';
import type { Checks } from '../checks.ts';
import { startControlPlane } from '../control-plane.ts';
import type { ControlPlane } from '../control-plane.ts';
import { Ledger } from '../ledger.ts';
import type { Traffic } from '../load-model.ts';
import { installManifests, renderManifests } from '../manifests.ts';
import type { Manifests } from '../manifests.ts';
import { Models } from '../models.ts';
import { createNodes } from '../nodes.ts';
import type { NodeSpec } from '../nodes.ts';
import { HUNGRY, THRIFTY } from '../power-curve.ts';
import { Product } from '../product.ts';
import type { Progress } from '../progress.ts';
import { startPrometheus } from '../prometheus.ts';
import type { Prometheus } from '../prometheus.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';
import { World } from '../world.ts';
import { Leases } from './leases.ts';

/** What the checks of state, leader and replicas look at. */
export interface StateStage {
  readonly progress: Progress;
  readonly checks: Checks;
  readonly folder: string;
  readonly controlPlane: ControlPlane;
  readonly world: World;
  readonly prometheus: Prometheus;
  readonly manifests: Manifests;
  readonly product: Product;
  readonly ledger: Ledger;
  readonly models: Models;
  readonly leases: Leases;
}

/** Namespaces in which workloads grow while leaders die; one episode of one never meets another. */
export const CHAOS = ['chaos-1', 'chaos-2', 'chaos-3', 'chaos-4'] as const;
/** Five hundred replicas at once; not measured, because nothing is learned of them. */
export const BURST = 'burst';
/** Pods of replicas whose clocks are wrong, and annotations that are forged. */
export const DOUBT = 'doubt';

/** Workloads of every chaos namespace; one episode has Pods of both. */
export const CHAOS_WORKLOADS = ['back', 'front'] as const;

/** Name of the policy in every namespace of this act. */
export const POLICY = 'state';

const CORES = 16;

/** The machines; each is a target under its host name. */
export const STATE_NODES: readonly NodeSpec[] = Array.from({ length: 10 }, (_, index) => ({
  name: `node-${index}`,
  labels: { 'kubernetes.io/hostname': `node-${index}` },
  cores: CORES,
}));

/** Pods of 100m that fit on one of them. */
export const ROOM = CORES * 10;

const MEASUREMENT = {
  // A new Pod is in Prometheus at the latest 7 s after it is Ready: discovery takes 5 of them.
  ...{ warmUpSeconds: 7, windowSeconds: 6, episodeGapSeconds: 3 },
  ...{ minimumRequests: 5, staleAfterSeconds: 60 },
};

const LEARNING = {
  ...{ epsilonThousandths: 300, epsilonFloorThousandths: 250, stepFloorThousandths: 300 },
  explorationTemperatureThousandths: 0,
  burnInDecisions: 2,
};

const CHAOS_POLICY = {
  holdoutPercent: 10,
  // Two that differ in price.
  targets: ['node-0', 'node-1'],
  learning: LEARNING,
  measurement: MEASUREMENT,
  exploration: { budgetPerHour: 100_000 },
};

const POLICIES: Readonly<Record<string, object>> = {
  ...Object.fromEntries(CHAOS.map((namespace) => [namespace, CHAOS_POLICY])),
  [DOUBT]: { ...CHAOS_POLICY, learning: { ...LEARNING, burnInDecisions: 0 } },
  // The best target is known and always taken: without counting every Pod would go there.
  [BURST]: {
    holdoutPercent: 0,
    learning: { epsilonThousandths: 0, epsilonFloorThousandths: 0, burnInDecisions: 0 },
    measurement: { ...MEASUREMENT, staleAfterSeconds: 600 },
    exploration: { budgetPerHour: 100_000 },
  },
};

/** Every model write and every change of leader, with who asked for it and what became of it. */
const AUDIT_RULES = [
  {
    level: 'Request',
    verbs: ['create', 'update', 'patch', 'delete'],
    resources: [{ group: 'perihelion.dev', resources: ['placementmodels'] }],
  },
];

/** Control plane, machines, world, Prometheus and manifests; the product is not started yet. */
export async function setStateStage(act: ActSpec): Promise<StateStage> {
  const { tools, processes, progress, checks, folder } = act;
  const { value: controlPlane } = await progress.step('control plane', () =>
    startControlPlane({
      ...{ tools, processes, folder: join(folder, 'control-plane') },
      auditRules: AUDIT_RULES,
      nodeGraceSeconds: 300,
    }),
  );
  const { api, kubectl } = controlPlane;
  await createNodes(api, STATE_NODES);
  const world = new World({
    api,
    machines: STATE_NODES.map(({ name, cores }, index) => ({
      ...{ name, cores, curve: index % 2 === 0 ? THRIFTY : HUNGRY },
    })),
    traffic: trafficOf([...CHAOS, DOUBT]),
    seed: 6,
    namespaces: [...CHAOS, DOUBT],
  });
  await world.start();
  const prometheus = await startPrometheus({
    ...{ file: tools.prometheus, processes, folder: join(folder, 'prometheus') },
    exporters: world.url,
  });
  const manifests = await renderManifests(kubectl, act.manifests);
  const product = new Product({
    ...{ controlPlane, processes, manifests, folder, main: act.main },
    prometheusUrl: prometheus.url,
    settings: {
      learner: {
        ...(manifests.settings.learner['learner'] as object),
        ...{ intervalSeconds: 1, ingestDelaySeconds: 3 },
        ...{ leaseDurationSeconds: 4, renewDeadlineSeconds: 3, retryPeriodSeconds: 1 },
      },
    },
  });
  const port = await product.forwarder.start();
  await installManifests({ api, kubectl, folder }, manifests, `https://127.0.0.1:${port}`);
  await createNamespaces(api);
  const ledger = new Ledger(api);
  const models = new Models(api);
  const leases = new Leases(api, manifests.namespace);
  await ledger.start();
  models.start();
  leases.start();
  return {
    ...{ progress, checks, folder, controlPlane, world, prometheus, manifests, product },
    ...{ ledger, models, leases },
  };
}

function trafficOf(namespaces: readonly string[]): Record<string, Traffic> {
  return Object.fromEntries(
    namespaces.flatMap((namespace) => [
      [
        `${namespace}/front`,
        {
          ...{ source: 'istio-ingressgateway', requestsPerSecond: 90 },
          ...{ cpuSecondsPerRequest: 0.006, baseMilliseconds: 9 },
        },
      ],
      [
        `${namespace}/back`,
        {
          ...{ source: 'front', requestsPerSecond: 80 },
          ...{ cpuSecondsPerRequest: 0.006, baseMilliseconds: 6 },
        },
      ],
    ]),
  );
}

async function createNamespaces(api: Api): Promise<void> {
  const apiVersion = 'perihelion.dev/v1alpha1';
  for (const [namespace, spec] of Object.entries(POLICIES)) {
    await api.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'perihelion.dev/placement': 'enabled' } },
    });
    await api.create(`/apis/${apiVersion}/namespaces/${namespace}/placementpolicies`, {
      ...{ apiVersion, kind: 'PlacementPolicy', metadata: { name: POLICY }, spec },
    });
  }
  for (const namespace of Object.keys(POLICIES)) {
    await waitFor(`the ServiceAccount of ${namespace}`, { timeoutSeconds: 60 }, () =>
      api.find(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
    );
  }
}

/** Deployments of a chaos namespace grow by so many replicas; made where they are not there. */
export async function growWorkloads(
  { controlPlane: { api } }: StateStage,
  namespace: string,
  replicas: number,
): Promise<void> {
  for (const name of CHAOS_WORKLOADS) {
    const path = `${pathOf('Deployment', namespace)}/${name}`;
    const found = await api.find(path);
    if (found === undefined) {
      await api.create(
        pathOf('Deployment', namespace),
        controller('Deployment', name, { replicas }),
      );
    } else await api.merge(path, { spec: { replicas } });
  }
}
