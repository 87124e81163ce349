// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { RELEASE_RESULTS } from '#cluster/actions/release-pod.ts';
import type { LearnerMetrics } from './ports.ts';

/** Upper bounds of the tick histogram, seconds: a tick is some queries and some writes. */
const TICK_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * The learner's metrics on a registry. No label takes a value that users can create, but for
 * adherence by workload and target, of which only so many are told: all of them are in the model.
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
  const orphaned = new Gauge({
    name: 'perihelion_learner_orphaned_decisions',
    help: 'Decisions on living Pods of a policy that is not in force: nothing is learned of them.',
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
  const workloads = new Gauge({
    name: 'perihelion_workload_adherence_ratio',
    help: 'The same by workload and target, of about the newest 50 Pods; the 100 asked most.',
    labelNames: ['workload_namespace', 'workload', 'target'],
    registers,
  });
  const required = new Gauge({
    name: 'perihelion_workloads_required',
    help: 'Workloads whose target is required, by mode or by escalation.',
    registers,
  });
  const released = new Gauge({
    name: 'perihelion_workloads_released',
    help: 'Workloads that cool off after a required target kept a Pod Pending.',
    registers,
  });
  const evictions = counter(
    'evictions_total',
    'Pods that a required target kept Pending and that were to be evicted, by result.',
    'result',
  );
  for (const result of [...RELEASE_RESULTS, 'failed']) evictions.inc({ result }, 0);
  return {
    workloadAdherence: (rows) => {
      workloads.reset();
      for (const { ratio, namespace, workload, target } of rows) {
        workloads.set({ workload_namespace: namespace, workload, target }, ratio);
      }
    },
    enforced: (requiredNow, releasedNow) => {
      required.set(requiredNow);
      released.set(releasedNow);
    },
    eviction: (result) => evictions.inc({ result }),
    settled: (count) => settled.inc(count),
    censored: (reason, count) => censored.inc({ reason }, count),
    rejected: (reason) => rejected.inc({ reason }),
    conflict: () => conflicts.inc(),
    publishFailure: () => failures.inc(),
    telemetryFailure: () => unanswered.inc(),
    tick: (seconds) => duration.observe(seconds),
    backlog: (count) => backlog.set(count),
    orphaned: (count) => orphaned.set(count),
    circuits: (open) => circuits.set(open),
    adherence: (topologyKey, followed, asked) => {
      // No Pod was asked yet: there is no share, which is not a share of 0.
      if (asked > 0) adherence.set({ topology_key: topologyKey }, followed / asked);
      else adherence.remove({ topology_key: topologyKey });
    },
  };
}
