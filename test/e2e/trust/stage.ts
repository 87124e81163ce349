// SPDX-License-Identifier: Apache-2.0
import { encodeObservation } from '#cluster/model/codec.ts';
import { modelLabels, observationName } from '#cluster/model/name.ts';
import type { Api } from '../api.ts';
import type { Checks } from '../checks.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Manifests } from '../manifests.ts';
import type { NodeSpec } from '../nodes.ts';
import type { Processes } from '../processes.ts';
import type { Product } from '../product.ts';
import type { Progress } from '../progress.ts';

/** What the checks of trust look at: a cluster and the product, without telemetry. */
export interface TrustStage {
  readonly progress: Progress;
  readonly checks: Checks;
  readonly processes: Processes;
  readonly controlPlane: ControlPlane;
  readonly manifests: Manifests;
  readonly product: Product;
  /** Temporary. */
  readonly folder: string;
}

/** Opted in; every Pod created here is to get a target. */
export const TRUST = 'trust';

/** Enough machines for more than a thousand Pods; each is a target. */
export const TRUST_NODES: readonly NodeSpec[] = Array.from({ length: 12 }, (_, index) => ({
  name: `trust-${index + 1}`,
  labels: { 'kubernetes.io/hostname': `trust-${index + 1}` },
  cores: 32,
}));

const API_VERSION = 'perihelion.dev/v1alpha1';
/** Name of the policy in force there. */
export const TRUST_POLICY = 'trust';

/** A policy without chance: the best target, always, and an observation that holds for the run. */
const POLICY_SPEC = {
  holdoutPercent: 0,
  learning: { epsilonThousandths: 0, epsilonFloorThousandths: 0, burnInDecisions: 0 },
  measurement: { staleAfterSeconds: 3600 },
  exploration: { budgetPerHour: 100_000 },
};

/** Makes the opted-in namespace, or finds it there. */
export async function createTrustNamespace(api: Api): Promise<void> {
  await api.apply(`/api/v1/namespaces/${TRUST}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: TRUST, labels: { 'perihelion.dev/placement': 'enabled' } },
  });
}

/**
 * Writes its policy and what a learner would have seen: every machine healthy. Both go with their
 * definitions when the product is uninstalled.
 */
export async function publishTrustPolicy(api: Api): Promise<void> {
  const collection = `/apis/${API_VERSION}/namespaces/${TRUST}`;
  await api.apply(`${collection}/placementpolicies/${TRUST_POLICY}`, {
    apiVersion: API_VERSION,
    kind: 'PlacementPolicy',
    metadata: { name: TRUST_POLICY, namespace: TRUST },
    spec: POLICY_SPEC,
  });
  const seen = {
    ...{ health: 'healthy' as const, cpuRatio: 0.1, memoryRatio: 0.1, watts: undefined },
  };
  const name = observationName(TRUST_POLICY);
  await api.apply(`${collection}/placementmodels/${name}`, {
    apiVersion: API_VERSION,
    kind: 'PlacementModel',
    metadata: { name, namespace: TRUST, labels: modelLabels(TRUST_POLICY, 'observation') },
    spec: encodeObservation({
      namespace: TRUST,
      policy: TRUST_POLICY,
      observedAt: Date.now(),
      targets: Object.fromEntries(TRUST_NODES.map((node) => [node.name, seen])),
      workloads: {},
    }),
  });
}
