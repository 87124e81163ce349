// SPDX-License-Identifier: Apache-2.0
import type { Meter } from '#simulator/machines/meter.ts';
import { EnergyMeter, type NodeEnergy, type PodEnergy } from '#simulator/machines/energy-meter.ts';
import { Engine } from '#simulator/engine/engine.ts';
import { beginInterval, endInterval, type IntervalStats } from '#simulator/engine/interval.ts';
import type { Load } from '#simulator/application/load.ts';
import type { Machine } from '#simulator/machines/machines.ts';
import type { Overheads } from '#simulator/application/overheads.ts';
import type { Program } from '#simulator/engine/program.ts';
import type { SeenTraffic } from '#simulator/engine/traffic-table.ts';
import { EdgeCounts } from '#simulator/engine/traffic.ts';

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
  /**
   * From the first request to the moment when Pods are Ready, virtual seconds; default 0. Until
   * then requests fail; the warm-up goes on at the same time.
   */
  readonly startUpSeconds?: number | undefined;
  /** Which generation of Kepler attributes energy to Pods; default `KeplerNew`. */
  readonly meter?: Meter | undefined;
  /**
   * CPU of Pods that are not the application's, cores by node: part of that machine's `systemCores`.
   * They use it all the time, and Kepler attributes energy to them as to any Pod.
   */
  readonly background?: Readonly<Record<string, number>> | undefined;
  /** Distance of the points of {@link Trial.power}, virtual seconds; absent = none are kept. */
  readonly powerSeconds?: number | undefined;
}

/** Mean power over one part of the window. */
export interface PowerPoint {
  /** End of the part, virtual seconds from the beginning of the window. */
  readonly seconds: number;
  /** What Kepler attributes to all placed Pods together, watts. */
  readonly podWatts: number;
  /** What all machines draw, watts. */
  readonly nodeWatts: number;
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
  /** Power over the window; empty where the stage asks for none. */
  readonly power: readonly PowerPoint[];
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
  // Nobody reads a caller's side of its calls here.
  engine.recordsSources = false;
  const meter = new EnergyMeter(machines, stage.windowSeconds);
  const services = numbersOf(program.services);
  const nodeNumbers = numbersOf(machines.map(({ name }) => name));
  const running = placed.map((pod): Running => {
    const service = services.get(pod.service);
    const node = nodeNumbers.get(pod.node);
    if (service === undefined || node === undefined) {
      throw new RangeError(`no place for ${pod.name} on ${pod.node}`);
    }
    const slot = engine.pods.add(service, node, pod.limitCores);
    return { pod, slot, energy: meter.add(node, slot) };
  });
  engine.setLoad(stage.load);
  advance(Math.min(stage.startUpSeconds ?? 0, stage.warmUpSeconds), stage, engine, meter);
  const isLate = (stage.startUpSeconds ?? 0) > stage.warmUpSeconds;
  if (!isLate) makeReady(running, engine);
  advance(stage.warmUpSeconds, stage, engine, meter);

  const joulesNow = ({ energy }: Running): number =>
    stage.meter === 'KeplerOld' ? energy.dynamicJoules : energy.energy.joules;
  const othersNow = (): number[] => meter.nodes.map((node) => othersJoules(node, stage));
  const before = running.map((one) => [joulesNow(one), one.energy.cpuSeconds] as const);
  const othersBefore = othersNow();
  for (const { slot } of running) engine.pods.inbound.clear(slot);
  const from = beginInterval(engine, meter);
  const end = stage.warmUpSeconds + stage.windowSeconds;
  if (isLate) {
    advance(Math.min(stage.startUpSeconds ?? 0, end), stage, engine, meter);
    makeReady(running, engine);
  }
  const power = measureWindow(stage, engine, meter);
  const pods = running.map((one, i): PodWindow => {
    const { pod, slot, energy } = one;
    const [joules, cpuSeconds] = before[i] ?? [0, 0];
    return {
      pod,
      joules: joulesNow(one) - joules,
      cores: (energy.cpuSeconds - cpuSeconds) / stage.windowSeconds,
      ...callsOf(engine.pods.inbound.of(slot)),
    };
  });
  const edges = edgesOf(
    running.map(({ slot, pod }) => [pod.service, engine.pods.inbound.of(slot)] as const),
    program.services,
  );
  const interval = endInterval(from, engine, meter);
  const others = othersNow().map((joules, i) => joules - (othersBefore[i] ?? 0));
  return { interval: withOthers(interval, others), pods, edges, power };
}

/**
 * Energy so far that belongs to Pods of others on a node: of what the meter hands to no Pod of the
 * application, their part of the cores, which is the same at every moment.
 */
function othersJoules(node: NodeEnergy, { background, meter }: Stage): number {
  const cores = background?.[node.name] ?? 0;
  if (cores <= 0) return 0;
  const rest = meter === 'KeplerOld' ? node.unattributedDynamicJoules : node.unattributedJoules;
  return (rest * cores) / node.systemCores;
}

function withOthers(interval: IntervalStats, others: readonly number[]): IntervalStats {
  const nodes = interval.nodes.map((node, i) => {
    const otherPodsJoules = others[i] ?? 0;
    return otherPodsJoules > 0 ? { ...node, otherPodsJoules } : node;
  });
  return { ...interval, nodes };
}

/** Runs the window, in parts where the stage asks for its power over time. */
function measureWindow(stage: Stage, engine: Engine, meter: EnergyMeter): PowerPoint[] {
  const { warmUpSeconds, windowSeconds, powerSeconds } = stage;
  const end = warmUpSeconds + windowSeconds;
  const points: PowerPoint[] = [];
  if (powerSeconds !== undefined) {
    const parts = Math.floor(windowSeconds / powerSeconds + 1e-9);
    for (let part = 1; part <= parts; part++) {
      const before = joulesOf(meter);
      const since = engine.now;
      advance(warmUpSeconds + part * powerSeconds, stage, engine, meter);
      const after = joulesOf(meter);
      const seconds = engine.now - since;
      if (seconds <= 0) continue;
      points.push({
        seconds: engine.now - warmUpSeconds,
        podWatts: (after.pods - before.pods) / seconds,
        nodeWatts: (after.nodes - before.nodes) / seconds,
      });
    }
  }
  advance(end, stage, engine, meter);
  return points;
}

function joulesOf(meter: EnergyMeter): { readonly pods: number; readonly nodes: number } {
  let pods = 0;
  let nodes = 0;
  for (const { energy } of meter.pods) pods += energy.joules;
  for (const { total } of meter.nodes) nodes += total.joules;
  return { pods, nodes };
}

interface Running {
  readonly pod: PlacedPod;
  readonly slot: number;
  readonly energy: PodEnergy;
}

function makeReady(running: readonly Running[], engine: Engine): void {
  for (const { slot } of running) engine.pods.setReady(slot, true);
}

function numbersOf(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, number) => [name, number]));
}

function advance(until: number, stage: Stage, engine: Engine, meter: EnergyMeter): void {
  while (engine.now < until) {
    engine.run(Math.min(until, engine.now + stage.meterSeconds));
    meter.measure(engine.now, engine.pods);
  }
}

function callsOf(traffic: SeenTraffic): Pick<PodWindow, 'answered' | 'failed'> {
  const answered = new EdgeCounts();
  let failed = 0;
  for (const edge of traffic.edges()) {
    if (edge.failed) failed += edge.counts.count;
    else answered.add(edge.counts);
  }
  return { answered, failed };
}

function edgesOf(
  inbound: readonly (readonly [service: string, traffic: SeenTraffic])[],
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
