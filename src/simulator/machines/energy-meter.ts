// SPDX-License-Identifier: Apache-2.0
import { checkCurve, wattsAt, type PowerCurve } from './power-curve.ts';

/** One node for the meter. */
export interface MeteredNode {
  readonly name: string;
  readonly cores: number;
  readonly systemCores: number;
  readonly curve: PowerCurve;
}

/** A point of a cumulative counter: at `seconds` it stood at these joules. */
interface Mark {
  readonly seconds: number;
  readonly joules: number;
  readonly busyCoreSeconds: number;
}

/** A counter with a memory of the last few seconds, for gauges. */
class Counter {
  joules = 0;
  busyCoreSeconds = 0;
  readonly #marks: Mark[] = [];

  mark(seconds: number, horizonSeconds: number): void {
    const marks = this.#marks;
    marks.push({ seconds, joules: this.joules, busyCoreSeconds: this.busyCoreSeconds });
    while (marks.length > 2 && (marks[1] as Mark).seconds <= seconds - horizonSeconds) {
      marks.shift();
    }
  }

  /** Mean watts over the memory; 0 before there are two marks, as Kepler's first reading. */
  get watts(): number {
    return this.#slope((mark) => mark.joules);
  }

  /** Mean busy cores over the memory. */
  get busyCores(): number {
    return this.#slope((mark) => mark.busyCoreSeconds);
  }

  #slope(value: (mark: Mark) => number): number {
    const first = this.#marks[0];
    const last = this.#marks[this.#marks.length - 1];
    if (first === undefined || last === undefined || last.seconds <= first.seconds) return 0;
    return (value(last) - value(first)) / (last.seconds - first.seconds);
  }
}

/** What the meter knows of one node. Joules count from the start of the simulation. */
export class NodeEnergy {
  readonly name: string;
  readonly cores: number;
  readonly systemCores: number;
  curve: PowerCurve;
  readonly total = new Counter();
  readonly active = new Counter();
  readonly idle = new Counter();
  /** Active energy of the system itself and of Pods that are already gone. */
  unattributedJoules = 0;
  /** What the machine would have drawn without any work. */
  restJoules = 0;
  /** {@link restJoules} handed out evenly: what one Pod that was always there got. */
  restJoulesByPod = 0;
  /** Energy above rest that belongs to the system or to Pods already gone. */
  unattributedDynamicJoules = 0;
  /** Pods metered now. */
  podCount = 0;

  constructor(node: MeteredNode) {
    checkCurve(node.curve);
    this.name = node.name;
    this.cores = node.cores;
    this.systemCores = node.systemCores;
    this.curve = node.curve;
  }
}

/** What the meter knows of one Pod. */
export class PodEnergy {
  readonly node: number;
  /** Engine slot; -1 where the Pod runs nothing. */
  readonly slot: number;
  /** Share of the active energy: utilisation's part of the whole (Kepler from 0.10 on). */
  readonly energy = new Counter();
  /** Share of what the machine draws above rest (Kepler up to 0.9). */
  dynamicJoules = 0;
  /** The node's {@link NodeEnergy.restJoulesByPod} when metering began. */
  readonly restFrom: number;
  cpuSeconds = 0;

  constructor(node: number, slot: number, restFrom: number) {
    this.node = node;
    this.slot = slot;
    this.restFrom = restFrom;
  }
}

/** Joules that one core-second of an interval stands for. */
interface Prices {
  readonly active: number;
  readonly dynamic: number;
}

const NOTHING: Prices = { active: 0, dynamic: 0 };

/** CPU used so far, core-seconds. */
export interface CpuReadings {
  readonly nodeCpuSeconds: Float64Array;
  /** By slot. */
  cpuSeconds(slot: number): number;
}

/**
 * Turns CPU time into energy the way the machines and Kepler (>= 0.10) do: a node draws P(u) for
 * the mean utilisation u of each metering interval; `u` of it is active, the rest idle; active
 * energy goes to Pods by their share of the CPU time, so that a Pod gets P(u) * cores/N.
 * All joules of a node are accounted exactly once: idle + Pods + unattributed = total.
 *
 * Beside that it keeps Kepler's older account (up to 0.9): what the machine draws without work is
 * handed out evenly, what it draws above that by CPU time.
 */
export class EnergyMeter {
  readonly nodes: readonly NodeEnergy[];
  readonly pods = new Set<PodEnergy>();
  readonly #horizonSeconds: number;
  readonly #lastNodeCpu: Float64Array;
  #time = 0;

  /** `horizonSeconds`: length of the mean behind the watts gauges. */
  constructor(nodes: readonly MeteredNode[], horizonSeconds: number) {
    this.nodes = nodes.map((node) => new NodeEnergy(node));
    this.#horizonSeconds = horizonSeconds;
    this.#lastNodeCpu = new Float64Array(nodes.length);
    for (const node of this.nodes) this.#mark(node, 0);
  }

  /** Starts metering a Pod; its CPU counter stands at 0. */
  add(node: number, slot: number): PodEnergy {
    const metered = this.nodes[node];
    const pod = new PodEnergy(node, slot, metered?.restJoulesByPod ?? 0);
    if (metered !== undefined) metered.podCount++;
    pod.energy.mark(this.#time, this.#horizonSeconds);
    this.pods.add(pod);
    return pod;
  }

  /** Stops metering a Pod; what it still uses is unattributed. */
  remove(pod: PodEnergy): void {
    const node = this.nodes[pod.node];
    if (this.pods.delete(pod) && node !== undefined) node.podCount--;
  }

  /** Closes the metering interval that ends at `seconds`. */
  measure(seconds: number, cpu: CpuReadings): void {
    const elapsed = seconds - this.#time;
    if (elapsed <= 0) return;
    this.#time = seconds;
    const prices = this.nodes.map((node, i) => this.#measureNode(node, i, elapsed, cpu));
    for (const pod of this.pods) {
      const used = pod.slot < 0 ? 0 : cpu.cpuSeconds(pod.slot) - pod.cpuSeconds;
      const price = prices[pod.node] ?? NOTHING;
      const joules = used * price.active;
      const dynamic = used * price.dynamic;
      pod.cpuSeconds += used;
      pod.dynamicJoules += dynamic;
      pod.energy.joules += joules;
      pod.energy.busyCoreSeconds += used;
      pod.energy.mark(seconds, this.#horizonSeconds);
      const node = this.nodes[pod.node];
      if (node === undefined) continue;
      node.unattributedJoules -= joules;
      node.unattributedDynamicJoules -= dynamic;
    }
  }

  #measureNode(node: NodeEnergy, index: number, elapsed: number, cpu: CpuReadings): Prices {
    const counter = cpu.nodeCpuSeconds[index] ?? 0;
    const busy = counter - (this.#lastNodeCpu[index] ?? 0) + node.systemCores * elapsed;
    this.#lastNodeCpu[index] = counter;
    const utilisation = Math.min(1, busy / (node.cores * elapsed));
    const joules = wattsAt(node.curve, utilisation) * elapsed;
    const active = joules * utilisation;
    node.total.joules += joules;
    node.total.busyCoreSeconds += busy;
    node.active.joules += active;
    node.idle.joules += joules - active;
    node.unattributedJoules += active;
    const rest = wattsAt(node.curve, 0) * elapsed;
    node.restJoules += rest;
    node.restJoulesByPod += rest / Math.max(1, node.podCount);
    node.unattributedDynamicJoules += joules - rest;
    this.#mark(node, this.#time);
    return busy > 0 ? { active: active / busy, dynamic: (joules - rest) / busy } : NOTHING;
  }

  #mark(node: NodeEnergy, seconds: number): void {
    node.total.mark(seconds, this.#horizonSeconds);
    node.active.mark(seconds, this.#horizonSeconds);
    node.idle.mark(seconds, this.#horizonSeconds);
  }
}
