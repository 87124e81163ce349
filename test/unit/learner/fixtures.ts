// SPDX-License-Identifier: Apache-2.0
import { annotationsOf } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { SlimNode, SlimPod } from '#cluster/objects/slim.ts';
import { pendingDecision, type PendingDecision } from '#learner/episodes/decisions.ts';

/** Signs every decision of the tests. */
export const KEY = 'a key for tests only';

/** Begin of time in the tests, milliseconds since the epoch. */
export const T0 = 1_700_000_000_000;

const HOSTNAME = 'kubernetes.io/hostname';

/** A decision of a frontend that prefers `worker-1`. */
export function record(over: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: 'd-1',
    decidedAt: T0,
    workload: 'Deployment/frontend',
    tier: 'business',
    state: 'load=normal',
    action: 'worker-1',
    propensity: 0.9,
    holdout: false,
    policy: 'default@1',
    modelVersion: 1,
    ...over,
  };
}

/** A Pod that is bound and Ready a second and two seconds after it was created, no decision. */
export function pod(over: Partial<SlimPod> = {}): SlimPod {
  const createdAt = over.createdAt ?? T0;
  return {
    uid: 'u-1',
    namespace: 'shop',
    name: over.uid ?? 'u-1',
    labels: {},
    annotations: {},
    owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'frontend-1', uid: 'rs-1' },
    nodeName: 'worker-1',
    podIP: undefined,
    phase: 'Running',
    createdAt,
    boundAt: createdAt + 1000,
    readyAt: createdAt + 2000,
    deletedAt: undefined,
    requests: { cpuMillicores: 100, memoryBytes: 0 },
    requiredAntiAffinity: [],
    ...over,
  };
}

/** The Pod with the decision signed on it, created when the decision was taken. */
export function signedPod(
  decision: Partial<DecisionRecord> = {},
  over: Partial<SlimPod> = {},
): SlimPod {
  const taken = record(decision);
  const bare = pod({ createdAt: taken.decidedAt, ...over });
  return { ...bare, annotations: annotationsOf(taken, subjectOf(bare), KEY) };
}

/** A Ready node whose only label is its host name. */
export function node(name: string, over: Partial<SlimNode> = {}): SlimNode {
  return {
    name,
    labels: { [HOSTNAME]: name },
    taints: [],
    unschedulable: false,
    ready: true,
    allocatable: { cpuMillicores: 8000, memoryBytes: 32e9, pods: 110 },
    ...over,
  };
}

/** A pending decision as the learner sees it, on the node that its Pod names. */
export function pending(
  decision: Partial<DecisionRecord> = {},
  over: Partial<SlimPod> = {},
): PendingDecision {
  const taken = record(decision);
  const made = pod({ uid: `pod-${taken.id}`, createdAt: taken.decidedAt, ...over });
  return pendingDecision({ pod: made, record: taken }, HOSTNAME, (name) => node(name));
}
