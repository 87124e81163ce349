// SPDX-License-Identifier: Apache-2.0
import { rewardSettings } from '#reward/settings.ts';
import type { IntervalStats } from '#simulator/engine/interval.ts';
import { Random } from '#simulator/random/random.ts';
import { runTrial, type PlacedPod } from '#simulator/trial/trial.ts';
import { RolloutRunner, stageAt, trialSeed } from './rollout.ts';
import { Judge } from './score.ts';
import { defaultScheduler, randomScheduler, templateScheduler } from './static-schedulers.ts';
import { Surrogate, estimatedCost, type Estimate } from './surrogate.ts';
import type { World } from './world.ts';

/** A node for every Pod, by service and replica. */
export type Assignment = Readonly<Record<string, readonly string[]>>;

/** Seeds of the search; no evaluation uses them. */
const SEARCH_SEED = 900_001;
const WINDOWS = 4;
/** Starting points from each source, and local optima that are simulated. */
const STARTS = 6;
const FINALISTS = 10;
/** Estimates after which a search from one start gives up; matters on large clusters only. */
const ESTIMATES_PER_START = 40_000;

/**
 * The best placement that a search with full knowledge finds: local search (moves of one Pod and
 * exchanges of two) on queueing formulas, from default, random and hand-made placements; then the
 * best few and all starting points are simulated under seeds of their own, and the best of those
 * is taken. No scheduler could know it beforehand. It is not proven to be the best of all.
 */
export function searchOracle(world: World, cpuScale: number): Assignment {
  const surrogate = new Surrogate(world, cpuScale);
  const { starts, defaults } = startingPoints(world, surrogate);
  const judge = new Judge(world.policy, defaults);
  const reference = mean(starts.slice(0, STARTS).map((nodes) => surrogate.estimate(nodes)));
  const { weights } = rewardSettings(world.policy.reward);
  const cost = (nodes: Int32Array): number =>
    estimatedCost(surrogate.estimate(nodes), reference, weights);
  const random = new Random(SEARCH_SEED, 'oracle');
  const optima = starts.map((start) => climb(start, { world, cost, random }));
  const finalists = [
    ...distinct(optima)
      .sort((a, b) => cost(a) - cost(b))
      .slice(0, FINALISTS),
  ];
  let best: { readonly nodes: Int32Array; readonly cost: number } | undefined;
  for (const nodes of distinct([...finalists, ...starts])) {
    const simulated = simulate(nodes, world, surrogate, judge);
    if (best === undefined || simulated < best.cost) best = { nodes, cost: simulated };
  }
  return assignmentOf(best?.nodes ?? new Int32Array(0), world, surrogate);
}

function startingPoints(
  world: World,
  surrogate: Surrogate,
): { starts: Int32Array[]; defaults: IntervalStats[] } {
  const starts: Int32Array[] = [];
  const defaults: IntervalStats[] = [];
  const byDefault = new RolloutRunner(world, defaultScheduler(world), SEARCH_SEED);
  for (let i = 0; i < STARTS; i++) {
    const { placed, trial } = byDefault.next();
    starts.push(nodesOf(placed, world, surrogate));
    defaults.push(trial.interval);
  }
  const others = [
    ...Object.values(world.templates).map((pins) => templateScheduler(world, pins)),
    ...Array.from({ length: STARTS }, () => randomScheduler(world)),
  ];
  others.forEach((scheduler, i) => {
    const { placed } = new RolloutRunner(world, scheduler, SEARCH_SEED + i).next();
    starts.push(nodesOf(placed, world, surrogate));
  });
  return { starts: starts.filter((nodes) => nodes.every((node) => node >= 0)), defaults };
}

function nodesOf(placed: readonly PlacedPod[], world: World, surrogate: Surrogate): Int32Array {
  return Int32Array.from(surrogate.pods, ({ service, replica }) => {
    const pod = placed.find(({ name }) => name === `${service}-${replica}`);
    return world.machines.findIndex(({ name }) => name === pod?.node);
  });
}

interface Climb {
  readonly world: World;
  readonly cost: (nodes: Int32Array) => number;
  readonly random: Random;
}

/** First improvement in random order, until nothing improves. */
function climb(start: Int32Array, parts: Climb): Int32Array {
  const nodes = Int32Array.from(start);
  const { world, cost, random } = parts;
  const usable = world.machines.flatMap(({ taints }, i) => (taints.length === 0 ? [i] : []));
  const hill: Hill = { nodes, cost, least: cost(nodes), left: ESTIMATES_PER_START };
  const pods = Array.from(nodes.keys());
  let before: number;
  do {
    before = hill.least;
    for (const pod of random.shuffle(pods)) {
      for (const node of oneOfEachKind(usable, nodes, world)) tryMoves(hill, [pod, node]);
    }
    for (const a of random.shuffle(pods)) {
      for (const b of pods.slice(a + 1))
        tryMoves(hill, [a, nodes[b] as number], [b, nodes[a] as number]);
    }
  } while (hill.least < before && hill.left > 0);
  return nodes;
}

interface Hill {
  readonly nodes: Int32Array;
  readonly cost: (nodes: Int32Array) => number;
  least: number;
  /** Estimates that may still be asked for. */
  left: number;
}

/** Moves Pods, pairs of (Pod, node); undone where it is not better. */
function tryMoves(hill: Hill, ...moves: readonly (readonly [pod: number, node: number])[]): void {
  const { nodes } = hill;
  if (hill.left <= 0 || moves.every(([pod, node]) => nodes[pod] === node)) return;
  const before = moves.map(([pod]) => nodes[pod] as number);
  for (const [pod, node] of moves) nodes[pod] = node;
  hill.left--;
  const now = hill.cost(nodes);
  if (now < hill.least - 1e-9) hill.least = now;
  else moves.forEach(([pod], i) => (nodes[pod] = before[i] as number));
}

/** Nodes in use, and one empty node of each model: the others are like it. */
function oneOfEachKind(usable: readonly number[], nodes: Int32Array, world: World): number[] {
  const inUse = new Set(nodes);
  const seen = new Set<string>();
  return usable.filter((node) => {
    if (inUse.has(node)) return true;
    const model = world.machines[node]?.model ?? '';
    const isFirst = !seen.has(model);
    seen.add(model);
    return isFirst;
  });
}

function simulate(nodes: Int32Array, world: World, surrogate: Surrogate, judge: Judge): number {
  const placed = surrogate.pods.map(({ service, replica }, i): PlacedPod => {
    const spec = world.application.services.find(({ name }) => name === service);
    return {
      name: `${service}-${replica}`,
      service,
      node: world.machines[nodes[i] as number]?.name ?? '',
      limitCores: world.cpuLimits ? (spec?.limitMillicores ?? Infinity) / 1000 : Infinity,
    };
  });
  let sum = 0;
  for (let i = 0; i < WINDOWS; i++) {
    const { interval } = runTrial(stageAt(world, i), placed, trialSeed(SEARCH_SEED, i));
    sum += judge.score(interval).cost;
  }
  return sum / WINDOWS;
}

function assignmentOf(nodes: Int32Array, world: World, surrogate: Surrogate): Assignment {
  const assignment: Record<string, string[]> = {};
  surrogate.pods.forEach(({ service }, i) => {
    (assignment[service] ??= []).push(world.machines[nodes[i] as number]?.name ?? '');
  });
  return assignment;
}

function distinct(placements: readonly Int32Array[]): Int32Array[] {
  return [...new Map(placements.map((nodes) => [nodes.join(), nodes])).values()];
}

function mean(estimates: readonly Estimate[]): Estimate {
  const average = (of: (one: Estimate) => number): number =>
    estimates.reduce((sum, one) => sum + of(one), 0) / estimates.length;
  return {
    joulesPerRequest: average((one) => one.joulesPerRequest),
    responseSeconds: average((one) => one.responseSeconds),
  };
}
