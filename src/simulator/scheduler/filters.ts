// SPDX-License-Identifier: Apache-2.0
import {
  podSpec,
  type KubeObject,
  type SpreadConstraint,
  type Toleration,
} from '#simulator/kube/kube.ts';
import { podRequests, type Amounts, type SchedulerNode } from './node.ts';
import { matchesSelector, matchesTerm } from '#simulator/kube/selectors.ts';

/** Whether a toleration covers a taint. */
export function tolerates(
  toleration: Toleration,
  taint: { readonly key: string; readonly value: string; readonly effect: string },
): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '') {
    if (toleration.effect !== taint.effect) return false;
  }
  const anyKey = toleration.key === undefined || toleration.key === '';
  if (!anyKey && toleration.key !== taint.key) return false;
  const operator = toleration.operator ?? 'Equal';
  if (operator === 'Exists') return true;
  return !anyKey && operator === 'Equal' && (toleration.value ?? '') === taint.value;
}

/** Whether the Pod's nodeSelector and required node affinity allow the node. */
export function nodeAffinityAllows(pod: KubeObject, node: SchedulerNode): boolean {
  const spec = podSpec(pod);
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    if (node.labels[key] !== value) return false;
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return (required.nodeSelectorTerms ?? []).some((term) =>
    matchesTerm(node.labels, node.name, term),
  );
}

/** Pods of a node that a spread constraint counts. Terminating Pods do not count. */
export function countMatching(
  node: SchedulerNode,
  namespace: string,
  selector: SpreadConstraint['labelSelector'],
): number {
  return node.pods.filter(
    (other) =>
      (other.metadata.namespace ?? '') === namespace &&
      other.metadata.deletionTimestamp === undefined &&
      selector !== undefined &&
      matchesSelector(other.metadata.labels ?? {}, selector),
  ).length;
}

/** Pods counted by topology domain, over the nodes that the Pod's node affinity allows. */
function domainCounts(
  pod: KubeObject,
  nodes: readonly SchedulerNode[],
  constraint: SpreadConstraint,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const domain = node.labels[constraint.topologyKey];
    if (domain === undefined || !nodeAffinityAllows(pod, node)) continue;
    const matching = countMatching(node, pod.metadata.namespace ?? '', constraint.labelSelector);
    counts.set(domain, (counts.get(domain) ?? 0) + matching);
  }
  return counts;
}

/** Whether `DoNotSchedule` spread constraints allow the node. */
function spreadAllows(
  pod: KubeObject,
  node: SchedulerNode,
  nodes: readonly SchedulerNode[],
): boolean {
  for (const constraint of podSpec(pod).topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable !== 'DoNotSchedule') continue;
    const domain = node.labels[constraint.topologyKey];
    if (domain === undefined) return false;
    const counts = domainCounts(pod, nodes, constraint);
    const self = matchesSelector(pod.metadata.labels ?? {}, constraint.labelSelector) ? 1 : 0;
    const skew = (counts.get(domain) ?? 0) + self - Math.min(...counts.values());
    if (skew > constraint.maxSkew) return false;
  }
  return true;
}

function fits(wanted: Amounts, node: SchedulerNode): boolean {
  const used = node.requested.actual;
  return (
    node.pods.length + 1 <= node.allocatable.pods &&
    used.cpuMillicores + wanted.cpuMillicores <= node.allocatable.cpuMillicores &&
    used.memoryBytes + wanted.memoryBytes <= node.allocatable.memoryBytes
  );
}

function taintsAllow(pod: KubeObject, node: SchedulerNode): boolean {
  const tolerations = podSpec(pod).tolerations ?? [];
  return node.taints
    .filter((taint) => taint.effect === 'NoSchedule' || taint.effect === 'NoExecute')
    .every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}

/**
 * Why the stock scheduler's filters reject a node, in their order and with their words;
 * undefined = the node is feasible.
 *
 * @param wanted the Pod's requests; whoever asks for many nodes counts them once
 */
export function rejection(
  pod: KubeObject,
  node: SchedulerNode,
  nodes: readonly SchedulerNode[],
  wanted = podRequests(pod).actual,
): string | undefined {
  if (!node.ready) return 'node(s) were not ready';
  if (node.unschedulable) return 'node(s) were unschedulable';
  if (!taintsAllow(pod, node)) return 'node(s) had untolerated taint';
  if (!nodeAffinityAllows(pod, node)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  if (!fits(wanted, node)) return 'Insufficient resources';
  if (!spreadAllows(pod, node, nodes)) {
    return "node(s) didn't match pod topology spread constraints";
  }
  return undefined;
}
