// SPDX-License-Identifier: Apache-2.0
import { searchOracle, type Assignment } from '#cli/simulate/oracle.ts';
import type { World } from '#cli/simulate/world.ts';
import type { PlacedPod } from '#simulator/trial/trial.ts';
import { WINDOWS, type Arena } from './arena.ts';

/** The best placement that was found, and what it costs. */
export interface Oracle {
  readonly assignment: Assignment;
  /** By window. */
  readonly costs: readonly number[];
  /** Whether every placement (equal machines once) was simulated, or the best of a long search. */
  readonly exhaustive: boolean;
  /** Placements that were simulated. */
  readonly simulated: number;
}

/** Placements up to which all are simulated. */
const EXHAUSTIVE_LIMIT = 1000;
/** Windows under which placements are compared, and under which the last few are. */
const COARSE = 4;
const FINE = 8;
const FINALISTS = 12;
/** A change for the better by less is noise of the windows. */
const LEAST_GAIN = 1e-4;
const SWEEPS = 6;

/**
 * All placements where they are few; else a search on queueing formulas (`searchOracle`), and from
 * its result moves of one Pod, simulated, until none is for the better. The seed of no policy is
 * used.
 */
export function findOracle(arena: Arena, cpuScale: number): Oracle {
  const { world } = arena;
  const free = world.machines.filter(({ taints }) => taints.length === 0);
  const pods = world.application.services.flatMap(({ name: service, replicas }) =>
    Array.from({ length: replicas }, (_, replica) => ({ service, replica })),
  );
  const start = searchOracle(world, cpuScale);
  const tried = new Map<string, number>();
  const costOf = (assignment: Assignment, windows: number): number => {
    const key = `${windows} ${JSON.stringify(assignment)}`;
    const known = tried.get(key);
    if (known !== undefined) return known;
    const cost = mean(costsOf(assignment, arena, windows));
    tried.set(key, cost);
    return cost;
  };
  const exhaustive = free.length ** pods.length <= EXHAUSTIVE_LIMIT;
  const best = exhaustive
    ? bestOfAll(
        free.map(({ name }) => name),
        pods,
        costOf,
      )
    : climb(start, { costOf, world });
  return {
    assignment: best,
    costs: costsOf(best, arena, WINDOWS),
    exhaustive,
    simulated: tried.size,
  };
}

type CostOf = (assignment: Assignment, windows: number) => number;

interface MovablePod {
  readonly service: string;
  readonly replica: number;
}

function bestOfAll(
  nodes: readonly string[],
  pods: readonly MovablePod[],
  costOf: CostOf,
): Assignment {
  const all = Array.from({ length: nodes.length ** pods.length }, (_, number): Assignment => {
    const assignment: Record<string, string[]> = {};
    let rest = number;
    for (const { service } of pods) {
      (assignment[service] ??= []).push(nodes[rest % nodes.length] ?? '');
      rest = Math.floor(rest / nodes.length);
    }
    return assignment;
  });
  const finalists = all
    .map((assignment) => ({ assignment, cost: costOf(assignment, COARSE) }))
    .sort((a, b) => a.cost - b.cost)
    .slice(0, FINALISTS);
  const [best] = finalists
    .map(({ assignment }) => ({ assignment, cost: costOf(assignment, WINDOWS) }))
    .sort((a, b) => a.cost - b.cost);
  if (best === undefined) throw new RangeError('no placement');
  return best.assignment;
}

/** Moves one Pod after another to where it costs less, until none is left to move. */
function climb(
  start: Assignment,
  { costOf, world }: { readonly costOf: CostOf; readonly world: World },
): Assignment {
  let best = start;
  let least = costOf(best, FINE);
  const pods = world.application.services.flatMap(({ name: service, replicas }) =>
    Array.from({ length: replicas }, (_, replica) => ({ service, replica })),
  );
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const before = least;
    for (const pod of pods) {
      for (const next of movesOf(best, pod, world)) {
        const cost = costOf(next, FINE);
        if (cost >= least - LEAST_GAIN) continue;
        best = next;
        least = cost;
      }
    }
    if (least === before) break;
  }
  return best;
}

/** The same placement with one Pod elsewhere, for every place worth trying. */
function movesOf(
  from: Assignment,
  { service, replica }: MovablePod,
  world: World,
): readonly Assignment[] {
  const nodes = from[service] ?? [];
  return worthTrying(from, world)
    .filter((node) => node !== nodes[replica])
    .map((node) => ({ ...from, [service]: nodes.with(replica, node) }));
}

/** Machines in use, and one idle machine of each model: the others are like it. */
function worthTrying(assignment: Assignment, { machines }: World): string[] {
  const inUse = new Set(Object.values(assignment).flat());
  const models = new Set<string>();
  return machines.flatMap(({ name, model, taints }) => {
    if (taints.length > 0) return [];
    if (inUse.has(name)) return [name];
    if (models.has(model)) return [];
    models.add(model);
    return [name];
  });
}

/** Cost of a placement under each of the first so many windows. */
function costsOf(assignment: Assignment, arena: Arena, windows: number): number[] {
  const { application, cpuLimits } = arena.world;
  const placed = application.services.flatMap((service): PlacedPod[] =>
    Array.from({ length: service.replicas }, (_, replica) => ({
      name: `${service.name}-${replica}`,
      service: service.name,
      node: assignment[service.name]?.[replica] ?? '',
      limitCores: cpuLimits ? service.limitMillicores / 1000 : Infinity,
    })),
  );
  return Array.from({ length: windows }, (_, i) => arena.score(arena.trial(placed, i)).cost);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
