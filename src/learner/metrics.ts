// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LearnerMetrics } from './ports.ts';

/** Upper bounds of the tick histogram, seconds: a tick is some queries and some writes. */
const TICK_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * The learner's metrics on a registry. No label takes a value that users can create: Pods,
 * workloads and targets are in the model, where a dashboard reads them.
 */
export function createLearnerMetrics(registry: Registry): LearnerMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `perihelion_learner_${name}`, help, labelNames, registers });
  const settled = counter('decisions_settled_total', 'Decisions that taught the model something.');
  const censored = counter(
    'decisions_censored_total',
    'Decisions that taught nothing, by reason.',
    'reason',
  );
  const rejected = counter(
    'decisions_rejected_total',
    'Decision annotations that were not believed, by reason.',
    'reason',
  );
  const conflicts = counter('write_conflicts_total', 'Model writes refused by the lock.');
  const failures = counter('publish_failures_total', 'Model writes that failed.');
  const unanswered = counter('telemetry_failures_total', 'Windows telemetry had no answer for.');
  const duration = new Histogram({
    name: 'perihelion_learner_tick_duration_seconds',
    help: 'Time one learning cycle takes.',
    buckets: TICK_SECONDS,
    registers,
  });
  const backlog = new Gauge({
    name: 'perihelion_learner_unsettled_decisions',
    help: 'Decisions on living Pods that are neither settled nor censored yet.',
    registers,
  });
  const adherence = new Gauge({
    name: 'perihelion_adherence_ratio',
    help: 'Share of Pods that landed on the target they were asked to prefer.',
    labelNames: ['topology_key'],
    registers,
  });
  const circuits = new Gauge({
    name: 'perihelion_circuits_open',
    help: 'Workloads that the circuit breaker leaves to the default scheduler, trials included.',
    registers,
  });
  return {
    settled: (count) => settled.inc(count),
    censored: (reason, count) => censored.inc({ reason }, count),
    rejected: (reason) => rejected.inc({ reason }),
    conflict: () => conflicts.inc(),
    publishFailure: () => failures.inc(),
    telemetryFailure: () => unanswered.inc(),
    tick: (seconds) => duration.observe(seconds),
    backlog: (count) => backlog.set(count),
    circuits: (open) => circuits.set(open),
    adherence: (topologyKey, followed, asked) => {
      // No Pod was asked yet: there is no share, which is not a share of 0.
      if (asked > 0) adherence.set({ topology_key: topologyKey }, followed / asked);
      else adherence.remove({ topology_key: topologyKey });
    },
  };
}
