// SPDX-License-Identifier: Apache-2.0
import { labelAt } from '#cluster/objects/selector-match.ts';
import type {
  LabelSelector,
  NodeSelectorTerm,
  Resources,
  SlimNode,
} from '#cluster/objects/slim.ts';
import type { Toleration } from '#admission/pod/incoming-pod.ts';
import { nodeTermsMatch } from './selectors.ts';
import { tolerates } from './tolerations.ts';

/*
 * What the stock scheduler's score plugins give a Pod on each node that takes it: to tell which of
 * them outweighs a preference. Image locality and the affinity of other Pods are left out. Formulas:
 * kubernetes/kubernetes v1.35, pkg/scheduler/framework/plugins.
 */

/** The plugins in the order in which people are told of them, with their default weights. */
export const SCORE_WEIGHTS = {
  NodeAffinity: 2,
  PodTopologySpread: 2,
  NodeResourcesFit: 1,
  NodeResourcesBalancedAllocation: 1,
  TaintToleration: 3,
} as const;

/** See {@link SCORE_WEIGHTS}. */
export type ScorePlugin = keyof typeof SCORE_WEIGHTS;

/** A node as scores see it. */
export interface ScoredNode {
  readonly node: SlimNode;
  /** Requests of what runs there. */
  readonly requested: Resources;
  /** The same with 100m and 200 MiB for what requests nothing. */
  readonly nonZero: Resources;
  /** Pods there that a selector of a spread constraint matches. */
  readonly matching: (selector: LabelSelector | undefined) => number;
}

/** A soft constraint; the selector undefined = what the Pod's own controller selects. */
export interface SoftSpread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly selector: LabelSelector | undefined;
}

/** A preferred node affinity term. */
export interface WeightedTerm {
  readonly weight: number;
  readonly term: NodeSelectorTerm;
}

/** What of a Pod is scored. */
export interface ScoredPod {
  readonly requests: Resources;
  readonly nonZero: Resources;
  readonly preferred: readonly WeightedTerm[];
  readonly tolerations: readonly Toleration[];
  /** Its own soft constraints; undefined = it has no constraint at all, and gets the defaults. */
  readonly spread: readonly SoftSpread[] | undefined;
}

/** Weighted scores of one node. */
export type Scores = Readonly<Record<ScorePlugin, number>>;

const MOST = 100;

/** Hostname with skew 3 and zone with skew 5, both soft. */
const DEFAULT_SPREAD: readonly SoftSpread[] = [
  { topologyKey: 'kubernetes.io/hostname', maxSkew: 3, selector: undefined },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, selector: undefined },
];

/** Scores of the Pod on every node that takes it, each times its weight; in the order given. */
export function scoresOf(pod: ScoredPod, nodes: readonly ScoredNode[]): Scores[] {
  const affinity = nodeAffinity(pod, nodes);
  const spread = topologySpread(pod, nodes);
  const taints = taintToleration(pod, nodes);
  return nodes.map((one, index) => ({
    NodeAffinity: SCORE_WEIGHTS.NodeAffinity * (affinity[index] ?? 0),
    PodTopologySpread: SCORE_WEIGHTS.PodTopologySpread * (spread[index] ?? 0),
    NodeResourcesFit: SCORE_WEIGHTS.NodeResourcesFit * leastAllocated(pod, one),
    NodeResourcesBalancedAllocation:
      SCORE_WEIGHTS.NodeResourcesBalancedAllocation * balancedAllocation(pod, one),
    TaintToleration: SCORE_WEIGHTS.TaintToleration * (taints[index] ?? 0),
  }));
}

/** The sum by which the scheduler compares. */
export function totalOf(scores: Scores): number {
  return Object.values(scores).reduce((sum, score) => sum + score, 0);
}

function leastAllocated({ nonZero }: ScoredPod, one: ScoredNode): number {
  const { cpuMillicores, memoryBytes } = one.node.allocatable;
  const cpu = freeShare(one.nonZero.cpuMillicores + nonZero.cpuMillicores, cpuMillicores);
  const memory = freeShare(one.nonZero.memoryBytes + nonZero.memoryBytes, memoryBytes);
  return Math.floor((cpu + memory) / 2);
}

function freeShare(requested: number, allocatable: number): number {
  if (allocatable === 0 || requested > allocatable) return 0;
  return Math.floor(((allocatable - requested) * MOST) / allocatable);
}

/** 0 for a Pod that requests nothing, as the plugin skips it. */
function balancedAllocation({ requests }: ScoredPod, { node, requested }: ScoredNode): number {
  if (requests.cpuMillicores === 0 && requests.memoryBytes === 0) return 0;
  const { cpuMillicores, memoryBytes } = node.allocatable;
  const cpu = usedShare(requested.cpuMillicores + requests.cpuMillicores, cpuMillicores);
  const memory = usedShare(requested.memoryBytes + requests.memoryBytes, memoryBytes);
  return Math.trunc((1 - Math.abs(cpu - memory) / 2) * MOST);
}

function usedShare(requested: number, allocatable: number): number {
  return allocatable === 0 ? 0 : Math.min(1, requested / allocatable);
}

function nodeAffinity({ preferred }: ScoredPod, nodes: readonly ScoredNode[]): number[] {
  const sums = nodes.map(({ node }) =>
    preferred.reduce(
      (sum, { weight, term }) => (nodeTermsMatch([term], node) ? sum + weight : sum),
      0,
    ),
  );
  return scaled(sums, false);
}

function taintToleration({ tolerations }: ScoredPod, nodes: readonly ScoredNode[]): number[] {
  const soft = tolerations.filter(({ effect }) => effect === '' || effect === 'PreferNoSchedule');
  const counts = nodes.map(
    ({ node }) =>
      node.taints.filter(
        (taint) =>
          taint.effect === 'PreferNoSchedule' && !soft.some((one) => tolerates(one, taint)),
      ).length,
  );
  return scaled(counts, true);
}

/** The highest becomes 100, or 0 where fewer is better. */
function scaled(raw: readonly number[], fewerIsBetter: boolean): number[] {
  const highest = Math.max(0, ...raw);
  if (highest === 0) return raw.map(() => (fewerIsBetter ? MOST : 0));
  return raw.map((score) => {
    const share = Math.floor((MOST * score) / highest);
    return fewerIsBetter ? MOST - share : share;
  });
}

/** Fewer matching Pods in the node's domains are better; 0 for all where nothing is soft. */
function topologySpread({ spread }: ScoredPod, nodes: readonly ScoredNode[]): number[] {
  const constraints = spread ?? DEFAULT_SPREAD;
  if (constraints.length === 0) return nodes.map(() => 0);
  // Constraints of the Pod ignore nodes that miss one of their keys; the defaults do not.
  const ignored = nodes.map(
    ({ node }) =>
      spread !== undefined &&
      constraints.some(({ topologyKey }) => labelAt(node.labels, topologyKey) === undefined),
  );
  const raw = nodes.map(() => 0);
  for (const { topologyKey, maxSkew, selector } of constraints) {
    const counts = new Map<string, number>();
    for (const [index, { node, matching }] of nodes.entries()) {
      const domain = labelAt(node.labels, topologyKey);
      if (domain === undefined || ignored[index] === true) continue;
      counts.set(domain, (counts.get(domain) ?? 0) + matching(selector));
    }
    const weight = Math.log(counts.size + 2);
    for (const [index, { node }] of nodes.entries()) {
      const domain = labelAt(node.labels, topologyKey);
      if (domain === undefined) continue;
      raw[index] = (raw[index] ?? 0) + (counts.get(domain) ?? 0) * weight + (maxSkew - 1);
    }
  }
  const rounded = raw.map(Math.round);
  const counted = rounded.filter((_, index) => ignored[index] !== true);
  const lowest = Math.min(...counted);
  const highest = Math.max(...counted);
  return rounded.map((score, index) => {
    if (ignored[index] === true) return 0;
    return highest === 0 ? MOST : Math.floor((MOST * (highest + lowest - score)) / highest);
  });
}
