// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import type { Random } from '#simulator/random/random.ts';
import { rejection } from './filters.ts';
import { podRequests, type SchedulerNode } from './node.ts';
import { balancedAllocation, leastAllocated } from './scores.ts';
import { schedule } from './scheduler.ts';

/*
 * Other schedulers by their published formulas, with healthy metrics: every node is measured and
 * has a model. Where metrics fail they act otherwise; that is not what is compared here.
 */

/** Power of a node as PEAKS models it: watts = `k0 + k1 exp(k2 utilisation)`. */
export interface PeaksModel {
  readonly k0: number;
  readonly k1: number;
  readonly k2: number;
}

const MAX_SCORE = 100;
/** PEAKS works with whole numbers and keeps digits by this factor. */
const PEAKS_SCALE = 1e15;

/** Utilisation in percent with the Pod's request on top of `percent`. */
function predicted(pod: KubeObject, node: SchedulerNode, percent: number): number {
  const request = podRequests(pod).actual.cpuMillicores;
  return percent + (100 * request) / node.allocatable.cpuMillicores;
}

/**
 * PEAKS (scheduler-plugins `pkg/trimaran/peaks`): rise of power if the Pod's request came on top,
 * `k1 (exp(k2 u') - exp(k2 u))`, the least becomes 100 and the greatest 0. A node that would pass
 * 100 % is at the end of its model, so it scores 0 here; the plugin itself says 100 there.
 *
 * @param percents measured utilisation of each node, 0..100
 */
export function peaksScores(
  pod: KubeObject,
  nodes: readonly SchedulerNode[],
  models: readonly PeaksModel[],
  percents: readonly number[],
): number[] {
  const rises = nodes.map((node, i) => {
    const { k1, k2 } = models[i] ?? { k1: 0, k2: 0 };
    const now = percents[i] ?? 0;
    const then = predicted(pod, node, now);
    if (then > 100) return Infinity;
    return Math.floor(
      k1 * (Math.exp((k2 * then) / 100) - Math.exp((k2 * now) / 100)) * PEAKS_SCALE,
    );
  });
  const finite = rises.filter(Number.isFinite);
  const least = Math.min(...finite);
  const greatest = Math.max(...finite);
  return rises.map((rise) => {
    if (!Number.isFinite(rise)) return 0;
    if (least === greatest) return MAX_SCORE;
    return Math.floor((MAX_SCORE * (greatest - rise)) / (greatest - least));
  });
}

/** Target utilisation of Trimaran's TargetLoadPacking, percent. */
const TLP_TARGET = 40;

/**
 * Trimaran's TargetLoadPacking: with U = measured utilisation plus the requests of Pods bound since
 * the measurement plus this Pod's, the score is `(100 - X) U / X + X` up to the target X,
 * `X (100 - U) / (100 - X)` above it, 0 above 100 %.
 */
export function tlpScore(
  pod: KubeObject,
  node: SchedulerNode,
  percent: number,
  boundSinceMillicores: number,
): number {
  const since = (100 * boundSinceMillicores) / node.allocatable.cpuMillicores;
  const use = predicted(pod, node, percent + since);
  if (use > 100) return 0;
  if (use > TLP_TARGET) return Math.round((TLP_TARGET * (100 - use)) / (100 - TLP_TARGET));
  return Math.round(((100 - TLP_TARGET) * use) / TLP_TARGET + TLP_TARGET);
}

/** NodeResourcesFit, strategy MostAllocated: mean used share of CPU and memory, 0..100. */
export function mostAllocated(pod: KubeObject, node: SchedulerNode): number {
  const wanted = podRequests(pod).nonZero;
  const used = node.requested.nonZero;
  const share = (requested: number, allocatable: number): number =>
    allocatable === 0 || requested > allocatable
      ? 0
      : Math.floor((requested * MAX_SCORE) / allocatable);
  const cpu = share(used.cpuMillicores + wanted.cpuMillicores, node.allocatable.cpuMillicores);
  const memory = share(used.memoryBytes + wanted.memoryBytes, node.allocatable.memoryBytes);
  return Math.floor((cpu + memory) / 2);
}

/**
 * The stock scheduler with the strategy MostAllocated (bin packing): its filters and scores, but
 * packing in place of spreading by resources; balanced allocation works against packing and is
 * left out, as guides for that strategy do.
 */
export function packingScores(
  pod: KubeObject,
  nodes: readonly SchedulerNode[],
  random: Random,
): Readonly<Record<string, number>> {
  const { scores } = schedule(pod, nodes, undefined, random);
  const requests = podRequests(pod);
  return Object.fromEntries(
    nodes.flatMap((node) => {
      const score = scores[node.name];
      if (score === undefined) return [];
      const resources =
        leastAllocated(requests.nonZero, node) + balancedAllocation(requests.actual, node);
      return [[node.name, score - resources + mostAllocated(pod, node)]];
    }),
  );
}

/** Nodes that the stock filters leave, in order. */
export function feasibleNodes(
  pod: KubeObject,
  nodes: readonly SchedulerNode[],
): readonly SchedulerNode[] {
  return nodes.filter((node) => rejection(pod, node, nodes) === undefined);
}

/** The name of the highest score, among equals one at random; undefined = no candidate. */
export function bestOf(
  candidates: readonly (readonly [name: string, score: number])[],
  random: Random,
): string | undefined {
  const best = Math.max(...candidates.map(([, score]) => score));
  const winners = candidates.filter(([, score]) => score === best);
  return winners.length > 1 ? winners[random.integer(winners.length)]?.[0] : winners[0]?.[0];
}
