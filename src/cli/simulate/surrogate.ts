// SPDX-License-Identifier: Apache-2.0
import { wattsAt } from '#simulator/machines/power-curve.ts';
import { squash } from '#reward/costs.ts';
import { demandOf, proxySeconds, type Demand, type DemandEdge } from './demand.ts';
import type { World } from './world.ts';

/** What formulas say of a placement. */
export interface Estimate {
  readonly joulesPerRequest: number;
  /** Mean response, seconds; stands for the tail, which grows with it. */
  readonly responseSeconds: number;
}

/** A Pod that can be moved. */
export interface MovablePod {
  readonly service: string;
  readonly replica: number;
}

/**
 * Queueing formulas in place of the simulation, to search thousands of placements in a second:
 * demand of each node from the call graph, proxies and crossings; M/M/c response on each node;
 * power from the curves. For an open load at its mean rate, for a closed one at the throughput
 * where connections = throughput x response.
 */
export class Surrogate {
  readonly pods: readonly MovablePod[];
  readonly #world: World;
  readonly #demand: Demand;
  readonly #podsOf: ReadonlyMap<string, readonly number[]>;
  readonly #tcp: ReadonlySet<string>;

  constructor(world: World, cpuScale: number) {
    this.#world = world;
    this.#demand = demandOf(world.application, cpuScale);
    this.pods = world.application.services.flatMap(({ name: service, replicas }) =>
      Array.from({ length: replicas }, (_, replica) => ({ service, replica })),
    );
    const podsOf = new Map<string, number[]>();
    this.pods.forEach(({ service }, i) => podsOf.set(service, [...(podsOf.get(service) ?? []), i]));
    this.#podsOf = podsOf;
    this.#tcp = new Set(
      world.application.services
        .filter(({ protocol }) => protocol === 'tcp')
        .map(({ name }) => name),
    );
  }

  /** @param nodes machine number of each Pod, in the order of {@link pods} */
  estimate(nodes: Int32Array): Estimate {
    const { demands, delaySeconds } = this.#demands(nodes);
    const rate = this.#rate(demands, delaySeconds);
    const { machines } = this.#world;
    let watts = 0;
    machines.forEach(({ cores, systemCores, curve }, i) => {
      watts += wattsAt(curve, (systemCores + rate * (demands[i] ?? 0)) / cores);
    });
    return {
      joulesPerRequest: watts / rate,
      responseSeconds: this.#response(demands, delaySeconds, rate),
    };
  }

  /** Core-seconds of each node by request, and the delay of hops and proxies. */
  #demands(nodes: Int32Array): { demands: Float64Array; delaySeconds: number } {
    const { machines, stage } = this.#world;
    const { overheads } = stage;
    const demands = new Float64Array(machines.length);
    const add = (pod: number, seconds: number): void => {
      const node = nodes[pod] as number;
      demands[node] = (demands[node] as number) + seconds / (machines[node]?.speed ?? 1);
    };
    let delaySeconds = overheads.otherNodeRoundTripSeconds;
    for (const [service, seconds] of Object.entries(this.#demand.cpuSeconds)) {
      const pods = this.#podsOf.get(service) ?? [];
      for (const pod of pods) add(pod, seconds / pods.length);
    }
    for (const [service, calls] of Object.entries(this.#demand.entries)) {
      const pods = this.#podsOf.get(service) ?? [];
      const side = proxySeconds(this.#tcp.has(service), overheads) + overheads.crossNodeCpuSeconds;
      for (const pod of pods) add(pod, (calls / pods.length) * side);
    }
    for (const edge of this.#demand.edges) delaySeconds += this.#edge(edge, nodes, add);
    return { demands, delaySeconds };
  }

  /** Adds the CPU of the calls over one edge; returns their delay. */
  #edge(
    { source, destination, calls }: DemandEdge,
    nodes: Int32Array,
    add: (pod: number, seconds: number) => void,
  ): number {
    const { overheads } = this.#world.stage;
    const tcp = this.#tcp.has(destination);
    const proxy = proxySeconds(tcp, overheads);
    const from = this.#podsOf.get(source) ?? [];
    const to = this.#podsOf.get(destination) ?? [];
    const each = calls / (from.length * to.length);
    const factor = tcp ? overheads.sidecarTcpDelayFactor : 1;
    let delaySeconds = calls * factor * overheads.sidecarDelay.medianSeconds;
    for (const a of from) {
      for (const b of to) {
        const crosses = nodes[a] !== nodes[b];
        const side = proxy + (crosses ? overheads.crossNodeCpuSeconds : 0);
        add(a, each * side);
        add(b, each * side);
        const { otherNodeRoundTripSeconds, sameNodeRoundTripSeconds } = overheads;
        delaySeconds += each * (crosses ? otherNodeRoundTripSeconds : sameNodeRoundTripSeconds);
      }
    }
    return delaySeconds;
  }

  /** Requests per second. */
  #rate(demands: Float64Array, delaySeconds: number): number {
    const { load } = this.#world.stage;
    if (load.kind === 'open') return load.requestsPerSecond;
    if (load.kind === 'trace') {
      return load.rates.reduce((sum, rate) => sum + rate, 0) / load.rates.length;
    }
    let low = 0;
    let high = this.#ceiling(demands);
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2;
      if (middle * this.#response(demands, delaySeconds, middle) < load.connections) low = middle;
      else high = middle;
    }
    return Math.max(1e-6, low);
  }

  /** The rate at which the first node is full. */
  #ceiling(demands: Float64Array): number {
    let ceiling = Infinity;
    this.#world.machines.forEach(({ cores, systemCores }, i) => {
      const demand = demands[i] ?? 0;
      if (demand > 0) ceiling = Math.min(ceiling, (cores - systemCores) / demand);
    });
    return ceiling;
  }

  #response(demands: Float64Array, delaySeconds: number, rate: number): number {
    let response = delaySeconds;
    this.#world.machines.forEach(({ cores, systemCores }, i) => {
      const demand = demands[i] ?? 0;
      if (demand === 0) return;
      const servers = cores - systemCores;
      const utilisation = (rate * demand) / servers;
      response +=
        utilisation >= 1 ? FULL_SECONDS * utilisation : demand * stretch(servers, utilisation);
    });
    return response;
  }
}

/** Stands for the response of a node that cannot keep up. */
const FULL_SECONDS = 60;

/**
 * How much longer a job takes than on an idle node: 1 + C / (c (1 - u)), with Sakasegawa's
 * approximation u^(sqrt(2(c+1)) - 1) of the probability of waiting, C.
 */
function stretch(servers: number, utilisation: number): number {
  const waiting = utilisation ** (Math.sqrt(2 * (servers + 1)) - 1);
  return 1 + waiting / (servers * (1 - utilisation));
}

/** Cost of an estimate against another one, with the product's squashing and the two weights. */
export function estimatedCost(
  estimate: Estimate,
  reference: Estimate,
  weights: { readonly sustainability: number; readonly performance: number },
): number {
  const { sustainability, performance } = weights;
  return (
    (sustainability * squash(estimate.joulesPerRequest / reference.joulesPerRequest) +
      performance * squash(estimate.responseSeconds / reference.responseSeconds)) /
    (sustainability + performance)
  );
}
