// SPDX-License-Identifier: Apache-2.0
import { placeByDefault } from '#cli/simulate/static-schedulers.ts';
import type { Application } from '#simulator/application/application.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import type { Machine } from '#simulator/machines/machines.ts';
import { DEFAULT_OVERHEADS } from '#simulator/application/overheads.ts';
import { Planner } from '#simulator/trial/planner.ts';
import { concaveCurve } from '#simulator/machines/power-curve.ts';
import { compile } from '#simulator/engine/program.ts';
import { Random } from '#simulator/random/random.ts';
import { runTrial, type PlacedPod, type Stage } from '#simulator/trial/trial.ts';

/*
 * One process that runs passes of the simulator when asked: hotelReservation with so many replicas
 * of every service, all nodes half busy under an open stream, metering and all.
 */

/** A size: nodes, replicas of each of the 19 services, virtual seconds of a pass. */
interface Size {
  readonly nodes: number;
  readonly replicas: number;
  readonly seconds: number;
}

/** By nodes x Pods; every size has about as many events in a pass as it takes to see through noise. */
const SIZES = {
  '3x19': { nodes: 3, replicas: 1, seconds: 120 },
  '10x95': { nodes: 10, replicas: 5, seconds: 40 },
  '100x950': { nodes: 100, replicas: 50, seconds: 6 },
  '1000x10000': { nodes: 1000, replicas: 526, seconds: 2 },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;

/** What one pass took. */
export interface Pass {
  readonly events: number;
  readonly cpuSeconds: number;
  /** CPU to place one Pod. */
  readonly placementMilliseconds: number;
}

/** Requests per second that half fill a node of 8 cores. */
const REQUESTS_PER_NODE = 400;
/** Pods whose placement is timed. */
const PLACED = 100;
const SEED = 20_261_122;

process.on('message', ({ size, shorter }: { size: SizeName; shorter: number }) => {
  process.send?.(run(SIZES[size], shorter));
});
process.once('disconnect', () => process.exit());

function run({ nodes, replicas, seconds }: Size, shorter: number): Pass {
  const machines = Array.from({ length: nodes }, (_, index) => machine(`node-${index}`));
  const application: Application = {
    ...hotelReservation,
    services: hotelReservation.services.map((service) => ({ ...service, replicas })),
  };
  const stage: Stage = {
    program: compile(application, 1),
    machines,
    overheads: DEFAULT_OVERHEADS,
    load: { kind: 'open', requestsPerSecond: REQUESTS_PER_NODE * nodes },
    warmUpSeconds: 0.25,
    windowSeconds: Math.max(0.25, seconds / shorter),
    meterSeconds: 0.25,
  };
  const placed = application.services.flatMap(({ name }, service) =>
    Array.from({ length: replicas }, (_, replica): PlacedPod => {
      const node = `node-${(replica * application.services.length + service) % nodes}`;
      return { name: `${name}-${replica}`, service: name, node, limitCores: Infinity };
    }),
  );
  const placementMilliseconds = placement(application, machines);
  const before = process.cpuUsage();
  const { interval } = runTrial(stage, placed, SEED);
  const { user, system } = process.cpuUsage(before);
  return { events: interval.events, cpuSeconds: (user + system) / 1e6, placementMilliseconds };
}

function placement(application: Application, machines: readonly Machine[]): number {
  const planner = new Planner({ application, machines, sidecar: true, cpuLimits: false });
  const random = new Random(SEED);
  const before = process.cpuUsage();
  let count = 0;
  for (let replica = 0; count < PLACED; replica += 1) {
    for (const service of application.services.slice(0, PLACED - count)) {
      const pod = planner.pod(service, replica);
      const context = { planner, random, utilisation: {} };
      const node = placeByDefault({ pod, service: service.name, replica }, context);
      if (node !== undefined) planner.bind(pod, node);
      count += 1;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}

function machine(name: string): Machine {
  return {
    name,
    model: 'equal-8-core',
    cores: 8,
    memoryBytes: 32 * 2 ** 30,
    speed: 1,
    systemCores: 0.1,
    curve: concaveCurve(40, 160),
    labels: {},
    taints: [],
  };
}
