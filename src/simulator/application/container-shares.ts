// SPDX-License-Identifier: Apache-2.0
import type { Application } from './application.ts';
import type { Overheads } from './overheads.ts';

/**
 * Which part of a Pod's CPU is its proxy's, by service, 0..1: a proxy works at both ends of every
 * call that its service answers or makes, in the mean over the application's requests. The engine
 * accounts CPU by Pod; exporters that tell containers apart divide it with this. Services that no
 * request reaches are missing.
 */
export function proxyShares(
  application: Application,
  overheads: Overheads,
  cpuScale: number,
): ReadonlyMap<string, number> {
  const tcp = new Set(
    application.services.filter(({ protocol }) => protocol === 'tcp').map(({ name }) => name),
  );
  const own = new Map<string, number>();
  const proxy = new Map<string, number>();
  const add = (sums: Map<string, number>, service: string, seconds: number): void => {
    sums.set(service, (sums.get(service) ?? 0) + seconds);
  };
  const side = (service: string): number =>
    tcp.has(service) ? overheads.sidecarTcpCpuSeconds : overheads.sidecarHttpCpuSeconds;
  const visit = (name: string, visits: number): void => {
    const operation = application.operations[name];
    if (operation === undefined) return;
    const { service, cpuMilliseconds, steps } = operation;
    add(own, service, (visits * cpuMilliseconds * cpuScale) / 1000);
    add(proxy, service, visits * side(service));
    for (const call of steps.flat()) {
      const callee = application.operations[call]?.service;
      if (callee === undefined) continue;
      add(proxy, service, visits * side(callee));
      visit(call, visits);
    }
  };
  for (const { operation, share } of application.requests) visit(operation, share);
  return new Map(
    [...proxy].map(([service, seconds]) => {
      const all = seconds + (own.get(service) ?? 0);
      return [service, all > 0 ? seconds / all : 0];
    }),
  );
}
