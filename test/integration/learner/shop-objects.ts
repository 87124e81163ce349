// SPDX-License-Identifier: Apache-2.0
import { encodeState } from '#agent/state/state-key.ts';
import { annotationsOf } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import { kubeTime, type KubeObject } from '#simulator/kube/kube.ts';

/** The key that decisions are signed with. */
export const KEY = Buffer.from('a key for tests only');
/** The only workload. */
export const WEB = 'Deployment/web';
const HOST = 'kubernetes.io/hostname';

/** The access to an API server at that address. */
export function kubeconfig(url: string): string {
  const name = 'shop';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

/** The namespace, opted in. */
export function namespace(): KubeObject {
  const labels = { 'perihelion.dev/placement': 'enabled' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } };
}

/** A node with room for everything. */
export function node(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { [HOST]: name } },
    spec: {},
    status: {
      allocatable: { cpu: '8', memory: '256Gi', pods: '110' },
      capacity: { cpu: '8', memory: '256Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** The policy; `spec` goes before what a short test needs. */
export function policy(spec: object): KubeObject {
  return {
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { namespace: 'shop', name: 'shop' },
    spec: {
      measurement: { warmUpSeconds: 10, windowSeconds: 60, minimumRequests: 10 },
      reward: { sloP99Milliseconds: 200 },
      ...spec,
    },
  };
}

/** The workload. */
export function deployment(replicas: number): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'shop', name: 'web' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } } },
  };
}

/** Its ReplicaSet. */
export function replicaSet(ownerUid: string): KubeObject {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      namespace: 'shop',
      name: 'web-1',
      ownerReferences: [{ ...owner, uid: ownerUid, controller: true }],
    },
    spec: {},
  };
}

/** A Pod that was sent to a node and bound there, with its decision. */
export function pod(of: {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
  readonly target: string;
  readonly ownerUid: string;
}): KubeObject {
  const record = {
    id: of.id,
    decidedAt: of.decidedAt,
    workload: WEB,
    tier: 'business',
    state: encodeState({ load: 'unknown', least: null }),
    action: of.target,
    propensity: 1,
    holdout: false,
    policy: 'shop@1',
    modelVersion: 0,
  };
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: of.ownerUid };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'shop',
      name: `web-1-${of.id}`,
      labels: { app: 'web' },
      annotations: annotationsOf(record, subjectOf({ namespace: 'shop', owner }), KEY),
      ownerReferences: [{ ...owner, controller: true }],
    },
    spec: {
      nodeName: of.target,
      containers: [{ name: 'web', resources: { requests: { cpu: '1' } } }],
    },
  };
}

/** The status of a Pod that was bound then and was ready two seconds later. */
export function placed(at: number): Exclude<KubeObject['status'], undefined> {
  const since = (seconds: number): string => kubeTime(at + seconds * 1000);
  return {
    phase: 'Running',
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: since(0) },
      { type: 'Ready', status: 'True', lastTransitionTime: since(2) },
    ],
  };
}
