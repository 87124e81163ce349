// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, type Registry } from 'prom-client';

/** What scaling and rebalancing count. */
export interface CapacityMetrics {
  /** A decision of this kind came to this; `reason` is one of few stable words. */
  decided(kind: 'scale' | 'move', outcome: string, reason: string): void;
  /** What is recommended or refused now. */
  recommended(kind: 'scale' | 'move', count: number): void;
}

/** The metrics on a registry. No label takes a value that users can create. */
export function createCapacityMetrics(registry: Registry): CapacityMetrics {
  const registers = [registry];
  const decided = new Counter({
    name: 'perihelion_capacity_decisions_total',
    help: 'Decisions about replicas and about Pods that run, by kind, outcome and reason.',
    labelNames: ['kind', 'outcome', 'reason'],
    registers,
  });
  const recommended = new Gauge({
    name: 'perihelion_capacity_recommendations',
    help: 'Changes of replicas and moves of Pods that are recommended and not done, by kind.',
    labelNames: ['kind'],
    registers,
  });
  return {
    decided: (kind, outcome, reason) => decided.inc({ kind, outcome, reason }),
    recommended: (kind, count) => recommended.set({ kind }, count),
  };
}
