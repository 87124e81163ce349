// SPDX-License-Identifier: Apache-2.0
import type { PowerCurve } from './power-curve.ts';

/** Upper bounds of Istio's duration buckets, milliseconds; +Inf is implied. */
export const DURATION_BUCKETS: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000,
  1_800_000, 3_600_000,
];

/** What one workload is asked for, all its replicas together. */
export interface Traffic {
  /** Who calls it; `source_workload`. */
  readonly source: string;
  readonly requestsPerSecond: number;
  readonly cpuSecondsPerRequest: number;
  /** Median service time on an idle node. */
  readonly baseMilliseconds: number;
}

/** A machine: how much it can do and what it draws. */
export interface Machine {
  readonly name: string;
  readonly cores: number;
  curve: PowerCurve;
  utilisation: number;
  watts: number;
  joules: number;
  activeJoules: number;
  busyCoreSeconds: number;
  idleCoreSeconds: number;
}

/** A serving Pod and its counters. */
export interface ServingPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly workload: string;
  readonly node: string;
  readonly podIP: string;
  readonly labels: Readonly<Record<string, string>>;
  serving: boolean;
  joules: number;
  watts: number;
  coreSeconds: number;
  succeeded: number;
  failed: number;
  durationSum: number;
  /** Requests by bucket (not cumulative); the last is +Inf. */
  readonly durations: number[];
  /** The part of a request that is not complete yet. */
  owed: number;
}

/** A machine at rest. */
export function newMachine(name: string, cores: number, curve: PowerCurve): Machine {
  return {
    ...{ name, cores, curve, utilisation: 0, watts: curve(0) },
    ...{ joules: 0, activeJoules: 0, busyCoreSeconds: 0, idleCoreSeconds: 0 },
  };
}

/** Used by the machine itself: the kubelet, the kernel. */
const SYSTEM_SHARE = 0.02;
/** Used by a Pod that nobody calls. */
const IDLE_CORES = 0.005;
const FAILURE_SHARE = 0.001;
/** Spread of the service times (sigma of their logarithm). */
const SPREAD = 0.35;

/**
 * Lets `seconds` pass. Counters advance exactly: energy is the integral of the power curve, a Pod
 * gets the share P(u) * cores / N of it, as Kepler 0.10 and newer attribute it.
 */
export function advance(
  machines: ReadonlyMap<string, Machine>,
  pods: Iterable<ServingPod>,
  world: {
    readonly seconds: number;
    readonly trafficOf: (pod: ServingPod) => Traffic | undefined;
    readonly random: () => number;
  },
): void {
  const serving = [...pods].filter((pod) => pod.serving && machines.has(pod.node));
  const replicas = Map.groupBy(serving, (pod) => `${pod.namespace}/${pod.workload}`);
  const rateOf = (pod: ServingPod): number =>
    (world.trafficOf(pod)?.requestsPerSecond ?? 0) /
    (replicas.get(`${pod.namespace}/${pod.workload}`)?.length ?? 1);
  const coresOf = (pod: ServingPod): number =>
    IDLE_CORES + rateOf(pod) * (world.trafficOf(pod)?.cpuSecondsPerRequest ?? 0);
  const byNode = Map.groupBy(serving, (pod) => pod.node);
  for (const machine of machines.values()) {
    const here = byNode.get(machine.name) ?? [];
    const cores = here.reduce((sum, pod) => sum + coresOf(pod), SYSTEM_SHARE * machine.cores);
    advanceMachine(machine, Math.min(cores, machine.cores), world.seconds);
    for (const pod of here) {
      pod.watts = (machine.watts * coresOf(pod)) / machine.cores;
      pod.joules += pod.watts * world.seconds;
      pod.coreSeconds += coresOf(pod) * world.seconds;
      serve(
        pod,
        rateOf(pod) * world.seconds,
        medianOf(machine, world.trafficOf(pod)),
        world.random,
      );
    }
  }
}

function advanceMachine(machine: Machine, busyCores: number, seconds: number): void {
  machine.utilisation = busyCores / machine.cores;
  machine.watts = machine.curve(machine.utilisation);
  machine.joules += machine.watts * seconds;
  machine.activeJoules += machine.watts * machine.utilisation * seconds;
  machine.busyCoreSeconds += busyCores * seconds;
  machine.idleCoreSeconds += (machine.cores - busyCores) * seconds;
}

/** Service times stretch as the node fills, as in a queue with one server. */
function medianOf(machine: Machine, traffic: Traffic | undefined): number {
  return (traffic?.baseMilliseconds ?? 1) / (1 - Math.min(0.95, machine.utilisation));
}

function serve(pod: ServingPod, requests: number, median: number, random: () => number): void {
  pod.owed += requests;
  for (; pod.owed >= 1; pod.owed -= 1) {
    if (random() < FAILURE_SHARE) pod.failed += 1;
    else pod.succeeded += 1;
    // Envoy records whole milliseconds.
    const duration = Math.floor(median * Math.exp(SPREAD * normal(random)));
    const bucket = DURATION_BUCKETS.findIndex((bound) => duration <= bound);
    const index = bucket < 0 ? DURATION_BUCKETS.length : bucket;
    pod.durations[index] = (pod.durations[index] ?? 0) + 1;
    pod.durationSum += duration;
  }
}

/** A standard normal number, by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
