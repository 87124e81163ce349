// SPDX-License-Identifier: Apache-2.0
import type { Application } from '#simulator/application/application.ts';
import type { Overheads } from '#simulator/application/overheads.ts';

/** What an average user request asks of an application, wherever its Pods are. */
export interface Demand {
  /** CPU of each service in its own code, reference core-seconds. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Calls from one service to another. */
  readonly edges: readonly DemandEdge[];
  /** Calls from outside, by service. */
  readonly entries: Readonly<Record<string, number>>;
}

/** Calls over one edge, by request. */
export interface DemandEdge {
  readonly source: string;
  readonly destination: string;
  readonly calls: number;
}

/** Follows the call graph of the mean request. */
export function demandOf(application: Application, cpuScale: number): Demand {
  const cpuSeconds: Record<string, number> = {};
  const entries: Record<string, number> = {};
  const edges = new Map<string, DemandEdge>();
  const visit = (name: string, visits: number): void => {
    const operation = application.operations[name];
    if (operation === undefined) throw new RangeError(`operation: ${name}`);
    const { service, cpuMilliseconds } = operation;
    cpuSeconds[service] = (cpuSeconds[service] ?? 0) + (visits * cpuMilliseconds * cpuScale) / 1000;
    for (const call of operation.steps.flat()) {
      const destination = application.operations[call]?.service ?? '';
      const key = `${service}\n${destination}`;
      const calls = (edges.get(key)?.calls ?? 0) + visits;
      edges.set(key, { source: service, destination, calls });
      visit(call, visits);
    }
  };
  const shares = application.requests.reduce((sum, { share }) => sum + share, 0);
  for (const { operation, share } of application.requests) {
    const service = application.operations[operation]?.service ?? '';
    entries[service] = (entries[service] ?? 0) + share / shares;
    visit(operation, share / shares);
  }
  return { cpuSeconds, entries, edges: [...edges.values()] };
}

/** CPU that one side of a call spends on proxies, reference core-seconds. */
export function proxySeconds(tcp: boolean, overheads: Overheads): number {
  return tcp ? overheads.sidecarTcpCpuSeconds : overheads.sidecarHttpCpuSeconds;
}
