// SPDX-License-Identifier: Apache-2.0
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimNode } from '#cluster/objects/slim.ts';
import type { MissingReason } from '#telemetry/reading/reading.ts';
import { outcomeOf } from '#learner/judging/appraisal.ts';
import { cpuUseOf } from '#learner/observation/cpu-use.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import {
  neededReadings,
  podReadings,
  readingProblem,
  type PodReadings,
  type WindowReadings,
} from '#learner/readings/outcome.ts';
import type { ScalingReadings } from './plan.ts';

/** What can be said of a workload in one window, or why nothing can. */
export type WorkloadReadings =
  | { readonly kind: 'measured'; readonly readings: ScalingReadings }
  | { readonly kind: 'unusable'; readonly reason: MissingReason | 'too-few-requests' };

/**
 * Adds up the readings of all Pods of a workload: joules and requests are sums, p99 and the share
 * of errors means by requests. One Pod that cannot be read leaves nothing to say: a sum without it
 * would look like a cheaper workload.
 *
 * @param requestedCores CPU that one replica asks for; 0 = nothing
 */
export function workloadReadings(
  pods: readonly PendingDecision[],
  readings: WindowReadings,
  spec: PolicySpec,
  context: {
    readonly nodes: ReadonlyMap<string, SlimNode>;
    readonly requestedCores: number;
  },
): WorkloadReadings {
  const each = pods.map((pod) => podReadings(pod, readings));
  for (const one of each) {
    const problem = problemIn(one, spec);
    if (problem !== undefined) return { kind: 'unusable', reason: problem };
  }
  const outcomes = each.map((one) => outcomeOf(one, spec));
  const requests = sum(outcomes.map((one) => one.requests));
  if (requests === undefined || requests < spec.measurement.minimumRequests) {
    return { kind: 'unusable', reason: 'too-few-requests' };
  }
  const byRequests = (name: 'p99Milliseconds' | 'errorRatio'): number | undefined => {
    const total = sum(outcomes.map((one) => product(one[name], one.requests)));
    return total === undefined ? undefined : total / requests;
  };
  const { requestedCores, nodes } = context;
  const [workload] = new Set(pods.map(({ decision }) => decision.workload));
  const cores = cpuUseOf(pods, readings, nodes).get(workload ?? '');
  return {
    kind: 'measured',
    readings: {
      outcome: {
        joules: sum(outcomes.map((one) => one.joules)),
        gramsCo2e: sum(outcomes.map((one) => one.gramsCo2e)),
        requests,
        p99Milliseconds: byRequests('p99Milliseconds'),
        errorRatio: byRequests('errorRatio'),
        cpuRatio: undefined,
        memoryRatio: undefined,
        heldCores: pods.length * (requestedCores > 0 ? requestedCores : 1),
      },
      rate: requests / spec.measurement.windowSeconds,
      utilisation:
        cores === undefined || !(requestedCores > 0) ? undefined : cores / requestedCores,
    },
  };
}

function problemIn(readings: PodReadings, spec: PolicySpec): MissingReason | undefined {
  for (const name of neededReadings(spec)) {
    const reading = readings[name];
    if (reading === undefined) return 'absent';
    const problem = readingProblem(reading, spec.measurement.staleAfterSeconds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Undefined as soon as one of them is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}

function product(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a * b;
}
