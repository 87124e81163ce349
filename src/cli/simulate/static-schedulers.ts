// SPDX-License-Identifier: Apache-2.0
import type { ServiceSpec } from '#simulator/application/application.ts';
import {
  bestOf,
  feasibleNodes,
  packingScores,
  peaksScores,
  tlpScore,
} from '#simulator/scheduler/peer-scores.ts';
import { tierFirst } from '#simulator/application/placements.ts';
import type { Pin, Pins } from '#simulator/application/pod-template.ts';
import { podRequests, type SchedulerNode } from '#simulator/scheduler/node.ts';
import { schedule } from '#simulator/scheduler/scheduler.ts';
import { wattsAt } from '#simulator/machines/power-curve.ts';
import { demandOf } from './demand.ts';
import { peaksModel } from './peaks-model.ts';
import type { PlacementScheduler, PodRequest, RolloutContext } from './scheduler.ts';
import type { World } from './world.ts';

type Place = (request: PodRequest, context: RolloutContext) => string | undefined;

/** What the stock scheduler does with a Pod. */
export const placeByDefault: Place = ({ pod }, { planner, random }) =>
  schedule(pod, planner.nodes, planner.selectorOf(pod), random).nodeName;

function plain(world: World, place: Place): PlacementScheduler {
  return { order: world.application.manifestOrder, pins: {}, place };
}

function pinned(world: World, pinOf: (service: ServiceSpec) => Pin | undefined): Pins {
  const pins: Record<string, Pin> = {};
  for (const service of world.application.services) {
    const pin = pinOf(service);
    if (pin !== undefined) pins[service.name] = pin;
  }
  return pins;
}

/** The stock scheduler, nothing pinned; `order` where it is not that of the manifests. */
export function defaultScheduler(world: World, order?: readonly string[]): PlacementScheduler {
  return { ...plain(world, placeByDefault), ...(order === undefined ? {} : { order }) };
}

/** Data stores in one place, everything else in another. */
export function splitScheduler(world: World): PlacementScheduler {
  const pins = pinned(world, ({ tier }) => (tier === 'data' ? world.data : world.business));
  return { ...plain(world, placeByDefault), pins };
}

/** Data stores pinned, everything else left to the stock scheduler; the order decides much. */
export function dataPinnedScheduler(
  world: World,
  first: 'manifest' | 'data' | 'business',
): PlacementScheduler {
  const { application } = world;
  const pins = pinned(world, ({ tier }) => (tier === 'data' ? world.data : undefined));
  const order = first === 'manifest' ? application.manifestOrder : tierFirst(application, first);
  return { order, pins, place: placeByDefault };
}

/** A placement made by hand; what it does not name is left to the stock scheduler. */
export function templateScheduler(world: World, pins: Pins): PlacementScheduler {
  return { ...plain(world, placeByDefault), pins };
}

/** A node for every Pod, by service and replica. */
export function fixedScheduler(
  world: World,
  assignment: Readonly<Record<string, readonly string[]>>,
): PlacementScheduler {
  return plain(world, ({ service, replica }) => assignment[service]?.[replica]);
}

/** Any node that the stock filters leave. */
export function randomScheduler(world: World): PlacementScheduler {
  return plain(world, ({ pod }, { planner, random }) => {
    const nodes = feasibleNodes(pod, planner.nodes);
    return nodes.length === 0 ? undefined : nodes[random.integer(nodes.length)]?.name;
  });
}

/** The stock scheduler with the strategy MostAllocated. */
export function mostAllocatedScheduler(world: World): PlacementScheduler {
  return plain(world, ({ pod }, { planner, random }) =>
    bestOf(Object.entries(packingScores(pod, planner.nodes, random)), random),
  );
}

/** PEAKS with a model fitted to each machine's own curve and healthy metrics. */
export function peaksScheduler(world: World): PlacementScheduler {
  const models = new Map(world.machines.map(({ name, curve }) => [name, peaksModel(curve)]));
  return plain(world, ({ pod }, { planner, random, utilisation }) => {
    const nodes = feasibleNodes(pod, planner.nodes);
    const scores = peaksScores(
      pod,
      nodes,
      nodes.map(({ name }) => models.get(name) ?? { k0: 0, k1: 0, k2: 0 }),
      nodes.map(({ name }) => 100 * (utilisation[name] ?? 0)),
    );
    return bestOf(
      nodes.map(({ name }, i) => [name, scores[i] ?? 0]),
      random,
    );
  });
}

/** Trimaran's TargetLoadPacking with healthy metrics; Pods of this rollout count as just bound. */
export function tlpScheduler(world: World): PlacementScheduler {
  return plain(world, ({ pod }, { planner, random, utilisation }) =>
    bestOf(
      feasibleNodes(pod, planner.nodes).map((node) => [
        node.name,
        tlpScore(pod, node, 100 * (utilisation[node.name] ?? 0), boundMillicores(node)),
      ]),
      random,
    ),
  );
}

function boundMillicores(node: SchedulerNode): number {
  return node.pods.reduce((sum, pod) => sum + podRequests(pod).actual.cpuMillicores, 0);
}

/**
 * Joulie's scheduler extender: 0.7 times the headroom of power left after the Pod,
 * `(cap - measured - marginal) / cap`, with the machine's full power for a cap and its own curve for
 * the Pod's request. Cooling, trend and its classes of Pods are alike for all nodes here.
 */
export function joulieScheduler(world: World): PlacementScheduler {
  const machines = new Map(world.machines.map((machine) => [machine.name, machine]));
  return plain(world, ({ pod }, { planner, random, utilisation }) =>
    bestOf(
      feasibleNodes(pod, planner.nodes).map((node) => {
        const machine = machines.get(node.name);
        if (machine === undefined) return [node.name, 0];
        const share = podRequests(pod).actual.cpuMillicores / node.allocatable.cpuMillicores;
        const cap = wattsAt(machine.curve, 1);
        const after = wattsAt(machine.curve, Math.min(1, (utilisation[node.name] ?? 0) + share));
        return [node.name, (70 * (cap - after)) / cap];
      }),
      random,
    ),
  );
}

/**
 * NetMARKS: the node with the most traffic between the Pod and those already there, as the mesh
 * reports it (here: calls of the mean request). Without traffic to anything placed, the stock
 * scheduler decides.
 */
export function colocatedScheduler(world: World): PlacementScheduler {
  const { edges } = demandOf(world.application, 1);
  return plain(world, (request, context) => {
    const { pod, service } = request;
    const { planner, random } = context;
    const traffic = (peer: string): number =>
      edges.reduce((sum, { source, destination, calls }) => {
        const isBetween =
          (source === service && destination === peer) ||
          (source === peer && destination === service);
        return isBetween ? sum + calls : sum;
      }, 0);
    const scores = feasibleNodes(pod, planner.nodes).map((node) => {
      const there = planner.placed.filter((placed) => placed.node === node.name);
      return [node.name, there.reduce((sum, placed) => sum + traffic(placed.service), 0)] as const;
    });
    const best = Math.max(0, ...scores.map(([, score]) => score));
    return best > 0 ? bestOf(scores, random) : placeByDefault(request, context);
  });
}
