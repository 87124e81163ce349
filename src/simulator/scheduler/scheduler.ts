// SPDX-License-Identifier: Apache-2.0
import type { KubeObject, LabelSelector } from '#simulator/kube/kube.ts';
import type { Random } from '#simulator/random/random.ts';
import { rejection } from './filters.ts';
import { podRequests, type SchedulerNode } from './node.ts';
import {
  balancedAllocation,
  leastAllocated,
  nodeAffinity,
  taintToleration,
  topologySpread,
} from './scores.ts';

/** Weights of the stock scheduler's default profile. */
const WEIGHTS = {
  leastAllocated: 1,
  balancedAllocation: 1,
  nodeAffinity: 2,
  topologySpread: 2,
  taintToleration: 3,
};

/** What the scheduler decided, and why. */
export interface Verdict {
  /** The chosen node; undefined = no node is feasible. */
  readonly nodeName: string | undefined;
  /** Weighted sum of the scores of each feasible node. */
  readonly scores: Readonly<Record<string, number>>;
  /** Reason by node that was filtered out. */
  readonly rejected: Readonly<Record<string, string>>;
}

/**
 * One scheduling cycle after the stock kube-scheduler: its filters, its scores with the default
 * weights, and among equal best nodes one at random. Pod affinity between Pods, volumes, images
 * and preemption are left out. Deterministic for the same generator state.
 *
 * @param ownSelector what the Pod's Service and ReplicaSet select, for default spreading
 */
export function schedule(
  pod: KubeObject,
  nodes: readonly SchedulerNode[],
  ownSelector: LabelSelector | undefined,
  random: Random,
): Verdict {
  const rejected: Record<string, string> = {};
  const requests = podRequests(pod);
  const feasible = nodes.filter((node) => {
    const reason = rejection(pod, node, nodes, requests.actual);
    if (reason !== undefined) rejected[node.name] = reason;
    return reason === undefined;
  });
  const affinity = nodeAffinity(pod, feasible);
  const taints = taintToleration(pod, feasible);
  const spread = topologySpread(pod, feasible, ownSelector);
  const totals = feasible.map(
    (node, i) =>
      WEIGHTS.leastAllocated * leastAllocated(requests.nonZero, node) +
      WEIGHTS.balancedAllocation * balancedAllocation(requests.actual, node) +
      WEIGHTS.nodeAffinity * (affinity[i] ?? 0) +
      WEIGHTS.topologySpread * (spread[i] ?? 0) +
      WEIGHTS.taintToleration * (taints[i] ?? 0),
  );
  const best = Math.max(...totals);
  const winners = feasible.filter((_, i) => totals[i] === best);
  const winner = winners.length > 1 ? winners[random.integer(winners.length)] : winners[0];
  return {
    nodeName: winner?.name,
    scores: Object.fromEntries(feasible.map((node, i) => [node.name, totals[i] ?? 0])),
    rejected,
  };
}
