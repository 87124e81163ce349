// SPDX-License-Identifier: Apache-2.0
import {
  podSpec,
  type KubeObject,
  type LabelSelector,
  type SpreadConstraint,
} from '#simulator/kube/kube.ts';
import { countMatching, tolerates } from './filters.ts';
import type { Amounts, SchedulerNode } from './node.ts';
import { matchesTerm } from '#simulator/kube/selectors.ts';

const MAX_SCORE = 100;

/**
 * NodeResourcesFit, strategy LeastAllocated: mean free share of CPU and memory, 0..100.
 *
 * @param wanted requests of the Pod, with the scheduler's defaults for those that are missing
 */
export function leastAllocated(wanted: Amounts, node: SchedulerNode): number {
  const used = node.requested.nonZero;
  const cpu = free(used.cpuMillicores + wanted.cpuMillicores, node.allocatable.cpuMillicores);
  const memory = free(used.memoryBytes + wanted.memoryBytes, node.allocatable.memoryBytes);
  return Math.floor((cpu + memory) / 2);
}

function free(requested: number, allocatable: number): number {
  if (allocatable === 0 || requested > allocatable) return 0;
  return Math.floor(((allocatable - requested) * MAX_SCORE) / allocatable);
}

/**
 * NodeResourcesBalancedAllocation: (1 - std of the CPU and memory fractions) * 100. Skipped (0)
 * for a Pod without any request.
 *
 * @param wanted requests of the Pod as they are written
 */
export function balancedAllocation(wanted: Amounts, node: SchedulerNode): number {
  if (wanted.cpuMillicores === 0 && wanted.memoryBytes === 0) return 0;
  const used = node.requested.actual;
  const cpu = fraction(used.cpuMillicores + wanted.cpuMillicores, node.allocatable.cpuMillicores);
  const memory = fraction(used.memoryBytes + wanted.memoryBytes, node.allocatable.memoryBytes);
  return Math.trunc((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE);
}

function fraction(requested: number, allocatable: number): number {
  return allocatable === 0 ? 0 : Math.min(1, requested / allocatable);
}

/** NodeAffinity: sum of the weights of the preferred terms that match, normalised to 0..100. */
export function nodeAffinity(pod: KubeObject, nodes: readonly SchedulerNode[]): number[] {
  const preferred =
    podSpec(pod).affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const raw = nodes.map((node) =>
    preferred.reduce(
      (sum, term) =>
        matchesTerm(node.labels, node.name, term.preference) ? sum + term.weight : sum,
      0,
    ),
  );
  return normalised(raw, false);
}

/** TaintToleration: fewer untolerated PreferNoSchedule taints are better, 0..100. */
export function taintToleration(pod: KubeObject, nodes: readonly SchedulerNode[]): number[] {
  const tolerations = (podSpec(pod).tolerations ?? []).filter(
    ({ effect }) => effect === undefined || effect === '' || effect === 'PreferNoSchedule',
  );
  const raw = nodes.map(
    (node) =>
      node.taints.filter(
        (taint) =>
          taint.effect === 'PreferNoSchedule' &&
          !tolerations.some((toleration) => tolerates(toleration, taint)),
      ).length,
  );
  return normalised(raw, true);
}

/** The stock default normalisation: the highest becomes 100 (or 0 where `reverse`). */
function normalised(raw: readonly number[], reverse: boolean): number[] {
  const highest = Math.max(0, ...raw);
  if (highest === 0) return raw.map(() => (reverse ? MAX_SCORE : 0));
  return raw.map((score) => {
    const scaled = Math.floor((MAX_SCORE * score) / highest);
    return reverse ? MAX_SCORE - scaled : scaled;
  });
}

const HOSTNAME = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

/** The system default constraints: hostname with skew 3, zone with skew 5, both soft. */
function defaultConstraints(selector: LabelSelector): SpreadConstraint[] {
  return [[HOSTNAME, 3] as const, [ZONE, 5] as const].map(([topologyKey, maxSkew]) => ({
    topologyKey,
    maxSkew,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: selector,
  }));
}

/**
 * PodTopologySpread over the feasible nodes: the Pod's own soft constraints, or the system
 * defaults with `ownSelector` (what its Service and ReplicaSet select); 0..100, fewer is better.
 */
export function topologySpread(
  pod: KubeObject,
  nodes: readonly SchedulerNode[],
  ownSelector: LabelSelector | undefined,
): number[] {
  const own = podSpec(pod).topologySpreadConstraints ?? [];
  const defaults = own.length === 0 && ownSelector !== undefined;
  const constraints = defaults
    ? defaultConstraints(ownSelector)
    : own.filter((constraint) => constraint.whenUnsatisfiable === 'ScheduleAnyway');
  if (constraints.length === 0) return nodes.map(() => 0);

  const namespace = pod.metadata.namespace ?? '';
  // A Pod's own constraints ignore nodes that miss a key; the system defaults do not.
  const ignored = nodes.map(
    (node) =>
      !defaults && constraints.some(({ topologyKey }) => node.labels[topologyKey] === undefined),
  );
  const raw = nodes.map(() => 0);
  for (const constraint of constraints) {
    const { topologyKey, maxSkew, labelSelector } = constraint;
    const counts = new Map<string, number>();
    nodes.forEach((node, i) => {
      const domain = node.labels[topologyKey];
      if (domain === undefined || ignored[i] === true) return;
      const matching = countMatching(node, namespace, labelSelector);
      counts.set(domain, (counts.get(domain) ?? 0) + matching);
    });
    const weight = Math.log(counts.size + 2);
    nodes.forEach((node, i) => {
      const domain = node.labels[topologyKey];
      if (domain === undefined) return;
      raw[i] = (raw[i] ?? 0) + (counts.get(domain) ?? 0) * weight + (maxSkew - 1);
    });
  }
  return normalisedSpread(raw.map(Math.round), ignored);
}

function normalisedSpread(raw: readonly number[], ignored: readonly boolean[]): number[] {
  const counted = raw.filter((_, i) => ignored[i] !== true);
  const lowest = Math.min(...counted);
  const highest = Math.max(...counted);
  return raw.map((score, i) => {
    if (ignored[i] === true) return 0;
    if (highest === 0) return MAX_SCORE;
    return Math.floor((MAX_SCORE * (highest + lowest - score)) / highest);
  });
}
