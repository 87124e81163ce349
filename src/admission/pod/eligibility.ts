// SPDX-License-Identifier: Apache-2.0
import { OPT_OUT_VALUE, PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import type { PlacementPolicy } from '#cluster/policy/policy.ts';
import type { SlimNamespace } from '#cluster/objects/slim.ts';
import type { SkipReason } from '#admission/review/reasons.ts';
import type { AdmissionRequest } from '#admission/review/review.ts';
import type { IncomingPod } from './incoming-pod.ts';

/** Value of {@link PLACEMENT_LABEL} on a Namespace that opts in. */
export const OPT_IN_VALUE = 'enabled';

/** Annotation that the kubelet puts on the mirror of a static Pod. */
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** What eligibility is judged by, beside the request and the Pod. */
export interface Surroundings {
  readonly ownNamespace: string;
  readonly schedulerName: string;
  /** Whether the informers have finished their first list. */
  readonly synced: boolean;
  readonly namespace: SlimNamespace | undefined;
  readonly policy: PlacementPolicy;
}

type RequestRule = readonly [SkipReason, (request: AdmissionRequest) => boolean];
type PodRule = readonly [SkipReason, (pod: IncomingPod) => boolean];
type PlaceRule = readonly [SkipReason, (pod: IncomingPod, around: Surroundings) => boolean];

/** Judged on the envelope alone, before the Pod is looked at. */
const REQUEST_RULES: readonly RequestRule[] = [
  ['not-a-pod', (request) => !isPod(request)],
  ['subresource', (request) => request.subResource !== ''],
  ['not-create', (request) => request.operation !== 'CREATE'],
];

/** Pods that are bound to their node already, or whose controller binds them. */
const POD_RULES: readonly PodRule[] = [
  ['mirror-pod', (pod) => Object.hasOwn(pod.annotations, MIRROR_ANNOTATION)],
  ['static-pod', (pod) => pod.owner?.kind === 'Node'],
  ['daemon-set', (pod) => pod.owner?.kind === 'DaemonSet'],
  ['node-name-set', (pod) => pod.nodeName !== undefined && pod.nodeName !== ''],
];

const PLACE_RULES: readonly PlaceRule[] = [
  ['own-namespace', (pod, around) => pod.namespace === around.ownNamespace],
  ['kube-system', (pod) => pod.namespace === 'kube-system'],
  ['other-scheduler', (pod, around) => pod.schedulerName !== around.schedulerName],
  ['opted-out', (pod) => isOptedOut(pod)],
  ['not-synced', (_pod, around) => !around.synced],
  ['namespace-not-opted-in', (_pod, around) => !isOptedIn(around.namespace)],
  ['policy-off', (_pod, around) => around.policy.spec.mode === 'Off'],
];

/** Why this request is none of ours; undefined if it creates a Pod. */
export function requestSkipReason(request: AdmissionRequest): SkipReason | undefined {
  return REQUEST_RULES.find(([, applies]) => applies(request))?.[0];
}

/** Why this Pod is left alone; undefined if it is eligible. The first reason that applies. */
export function podSkipReason(pod: IncomingPod, around: Surroundings): SkipReason | undefined {
  return (
    POD_RULES.find(([, applies]) => applies(pod))?.[0] ??
    PLACE_RULES.find(([, applies]) => applies(pod, around))?.[0]
  );
}

/** A Pod of the core group; the version is left open, since `matchPolicy` converts to v1. */
function isPod(request: AdmissionRequest): boolean {
  const { kind, resource } = request;
  return (
    resource.group === '' && resource.name === 'pods' && kind.group === '' && kind.name === 'Pod'
  );
}

/** Checked here too: the selector in the webhook configuration can be edited, or lag behind. */
function isOptedIn(namespace: SlimNamespace | undefined): boolean {
  if (namespace === undefined || !Object.hasOwn(namespace.labels, PLACEMENT_LABEL)) return false;
  return namespace.labels[PLACEMENT_LABEL] === OPT_IN_VALUE;
}

/** The label decides where it is set, because selectors can see it; else the annotation. */
function isOptedOut(pod: IncomingPod): boolean {
  const source = Object.hasOwn(pod.labels, PLACEMENT_LABEL) ? pod.labels : pod.annotations;
  return Object.hasOwn(source, PLACEMENT_LABEL) && source[PLACEMENT_LABEL] === OPT_OUT_VALUE;
}
