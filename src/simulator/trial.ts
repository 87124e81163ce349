// SPDX-License-Identifier: Apache-2.0
import { EnergyMeter, type PodEnergy } from './energy-meter.ts';
import { Engine } from './engine.ts';
import { beginInterval, endInterval, type IntervalStats } from './interval.ts';
import type { Load } from './load.ts';
import type { Machine } from './machines.ts';
import type { Overheads } from './overheads.ts';
import type { Program } from './program.ts';
import { EdgeCounts, Traffic } from './traffic.ts';

/** A Pod with the node it runs on. */
export interface PlacedPod {
  /** Unique in the trial. */
  readonly name: string;
  readonly service: string;
  readonly node: string;
  /** CPU limit; Infinity = none. */
  readonly limitCores: number;
}

/** Everything that stays the same from one trial to the next. */
export interface Stage {
  readonly program: Program;
  readonly machines: readonly Machine[];
  readonly overheads: Overheads;
  readonly load: Load;
  /** From the first request to the window, virtual seconds. */
  readonly warmUpSeconds: number;
  readonly windowSeconds: number;
  readonly meterSeconds: number;
}

/** One Pod over the window, as its proxy and Kepler saw it. */
export interface PodWindow {
  readonly pod: PlacedPod;
  /** Energy attributed to it, joules. */
  readonly joules: number;
  /** Mean CPU, cores. */
  readonly cores: number;
  /** Calls it answered well, in Istio's buckets, all callers together. */
  readonly answered: EdgeCounts;
  /** Calls it answered with an error. */
  readonly failed: number;
}

/** Calls between two services over the window. */
export interface ServiceEdge {
  readonly source: string;
  readonly destination: string;
  readonly requests: number;
}

/** What one placement did in one window. */
export interface Trial {
  readonly interval: IntervalStats;
  readonly pods: readonly PodWindow[];
  readonly edges: readonly ServiceEdge[];
}

/**
 * Runs one placement from empty queues: warm-up, then a window. No API and no exporters around it:
 * about as fast as the engine itself. The same stage, Pods and seed give the same trial bit for
 * bit.
 */
export function runTrial(stage: Stage, placed: readonly PlacedPod[], seed: number): Trial {
  const { program, machines } = stage;
  const nodes = machines.map(({ cores, systemCores, speed }) => ({
    cores: cores - systemCores,
    speed,
  }));
  const engine = new Engine(program, nodes, stage.overheads, seed);
  const meter = new EnergyMeter(machines, stage.windowSeconds);
  const running = placed.map((pod) => start(pod, stage, engine, meter));
  engine.setLoad(stage.load);
  advance(stage.warmUpSeconds, stage, engine, meter);

  const before = running.map(({ energy }) => [energy.energy.joules, energy.cpuSeconds] as const);
  for (const { slot } of running) engine.pods.inbound[slot] = new Traffic();
  const from = beginInterval(engine, meter);
  advance(stage.warmUpSeconds + stage.windowSeconds, stage, engine, meter);
  const pods = running.map(({ pod, slot, energy }, i): PodWindow => {
    const [joules, cpuSeconds] = before[i] ?? [0, 0];
    return {
      pod,
      joules: energy.energy.joules - joules,
      cores: (energy.cpuSeconds - cpuSeconds) / stage.windowSeconds,
      ...callsOf(engine.pods.inbound[slot] as Traffic),
    };
  });
  const edges = edgesOf(
    running.map(({ slot, pod }) => [pod.service, engine.pods.inbound[slot] as Traffic] as const),
    program.services,
  );
  return { interval: endInterval(from, engine, meter), pods, edges };
}

interface Running {
  readonly pod: PlacedPod;
  readonly slot: number;
  readonly energy: PodEnergy;
}

function start(pod: PlacedPod, stage: Stage, engine: Engine, meter: EnergyMeter): Running {
  const service = stage.program.services.indexOf(pod.service);
  const node = stage.machines.findIndex(({ name }) => name === pod.node);
  if (service < 0 || node < 0) throw new RangeError(`no place for ${pod.name} on ${pod.node}`);
  const slot = engine.pods.add(service, node, pod.limitCores);
  engine.pods.setReady(slot, true);
  return { pod, slot, energy: meter.add(node, slot) };
}

function advance(until: number, stage: Stage, engine: Engine, meter: EnergyMeter): void {
  while (engine.now < until) {
    engine.run(Math.min(until, engine.now + stage.meterSeconds));
    meter.measure(engine.now, engine.pods);
  }
}

function callsOf(traffic: Traffic): Pick<PodWindow, 'answered' | 'failed'> {
  const answered = new EdgeCounts();
  let failed = 0;
  for (const edge of traffic.edges()) {
    if (edge.failed) failed += edge.counts.count;
    else answered.add(edge.counts);
  }
  return { answered, failed };
}

function edgesOf(
  inbound: readonly (readonly [service: string, traffic: Traffic])[],
  services: readonly string[],
): ServiceEdge[] {
  const sums = new Map<string, ServiceEdge>();
  for (const [destination, traffic] of inbound) {
    for (const { peer, counts } of traffic.edges()) {
      const source = services[peer];
      if (source === undefined) continue;
      const key = `${source}\n${destination}`;
      const requests = (sums.get(key)?.requests ?? 0) + counts.count;
      sums.set(key, { source, destination, requests });
    }
  }
  return [...sums.values()];
}
