// SPDX-License-Identifier: Apache-2.0
import type { Application } from '#simulator/application/application.ts';
import type { Machine } from '#simulator/machines/machines.ts';
import type { Overheads } from '#simulator/application/overheads.ts';
import { demandOf, proxySeconds } from './demand.ts';

/** What an application needs, whatever the load. */
export interface CeilingParts {
  readonly application: Application;
  readonly machines: readonly Machine[];
  readonly overheads: Overheads;
  /** Multiplies every CPU time of the application. */
  readonly cpuScale: number;
}

/** What the CPU alone says of a placement. */
export interface Ceiling {
  /** Rate at which the first node is full, requests per second. */
  readonly requestsPerSecond: number;
  /** Calls between services on different nodes, by user request. */
  readonly crossNodeCallsPerRequest: number;
  /** CPU by request of each machine, core-seconds of that machine, in the order of the machines. */
  readonly coreSeconds: readonly number[];
}

/** Where one Pod stands. */
export interface StandingPod {
  readonly service: string;
  readonly node: string;
}

/**
 * CPU ceiling of a placement without any simulation: the CPU that a mean request costs on each
 * machine (own code, a proxy at both ends of every call, the crossing of nodes at both ends, one
 * end for the call from outside), and the rate at which the first machine has no core left.
 * Replicas share their calls evenly. CPU limits and interference are not looked at.
 *
 * @throws RangeError for a Pod on a node that does not exist, or a service without a Pod
 */
export function ceilingOf(parts: CeilingParts, pods: readonly StandingPod[]): Ceiling {
  const { application, machines, overheads, cpuScale } = parts;
  const demand = demandOf(application, cpuScale);
  const nodes = nodesOf(machines, pods);
  const tcp = new Set(
    application.services.filter(({ protocol }) => protocol === 'tcp').map(({ name }) => name),
  );
  const coreSeconds = machines.map(() => 0);
  const add = (node: number, seconds: number): void => {
    coreSeconds[node] = (coreSeconds[node] ?? 0) + seconds / (machines[node]?.speed ?? 1);
  };
  for (const [service, seconds] of Object.entries(demand.cpuSeconds)) {
    if (seconds === 0) continue;
    for (const node of nodes(service)) add(node, seconds / nodes(service).length);
  }
  for (const [service, calls] of Object.entries(demand.entries)) {
    const side = proxySeconds(tcp.has(service), overheads) + overheads.crossNodeCpuSeconds;
    for (const node of nodes(service)) add(node, (calls / nodes(service).length) * side);
  }
  let crossings = 0;
  for (const { source, destination, calls } of demand.edges) {
    const from = nodes(source);
    const to = nodes(destination);
    const each = calls / (from.length * to.length);
    const proxy = proxySeconds(tcp.has(destination), overheads);
    for (const a of from) {
      for (const b of to) {
        const side = each * (proxy + (a === b ? 0 : overheads.crossNodeCpuSeconds));
        add(a, side);
        add(b, side);
        if (a !== b) crossings += each;
      }
    }
  }
  const rates = machines.map(({ cores, systemCores }, node) => {
    const seconds = coreSeconds[node] ?? 0;
    return seconds > 0 ? (cores - systemCores) / seconds : Infinity;
  });
  return {
    requestsPerSecond: Math.min(...rates),
    crossNodeCallsPerRequest: crossings,
    coreSeconds,
  };
}

/** Machine numbers of the Pods of each service. */
function nodesOf(
  machines: CeilingParts['machines'],
  pods: readonly StandingPod[],
): (service: string) => readonly number[] {
  const numbers = new Map(machines.map(({ name }, number) => [name, number]));
  const byService = new Map<string, number[]>();
  for (const { service, node } of pods) {
    const number = numbers.get(node);
    if (number === undefined) throw new RangeError(`node: ${node}`);
    byService.set(service, [...(byService.get(service) ?? []), number]);
  }
  return (service) => {
    const found = byService.get(service);
    if (found === undefined) throw new RangeError(`no Pod: ${service}`);
    return found;
  };
}
