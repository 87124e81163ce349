// SPDX-License-Identifier: Apache-2.0
import { isKnown } from './unknown.ts';

/** A Pod that serves requests, and what it served in the window. */
export interface ServingPod {
  /** Undefined = nobody knows; then it may be an entry. */
  readonly workload: string | undefined;
  readonly requests: number | undefined;
  readonly p99Milliseconds: number | undefined;
  readonly errorRatio: number | undefined;
}

/** Who calls whom inside the application. */
export interface Call {
  readonly source: string;
  readonly destination: string;
  readonly requests: number;
}

/** How the application as a whole served in the window. */
export interface ApplicationService {
  /** Requests that came into the application. */
  readonly requests: number;
  readonly p99Milliseconds: number | undefined;
  readonly errorRatio: number | undefined;
}

/** Quantiles of less than this share of the requests do not speak for all. */
const LEAST_COVERAGE = 0.9;

/**
 * What the users of an application see: the requests to its entries, the workloads that no other
 * workload of it calls. Their p99 is the mean over entry Pods by requests (quantiles cannot be
 * merged exactly; it is the same mean on both sides of every comparison), the error ratio the
 * exact one. Undefined where no entry has a known number of requests.
 */
export function applicationService(
  pods: Iterable<ServingPod>,
  calls: Iterable<Call>,
): ApplicationService | undefined {
  const called = new Set<string>();
  for (const { source, destination, requests } of calls) {
    if (source !== destination && requests > 0) called.add(destination);
  }
  const all = [...pods];
  const outer = all.filter(({ workload }) => workload === undefined || !called.has(workload));
  // Where all call each other in a ring nobody is outermost, so that all count.
  const entries = outer.length > 0 ? outer : all;
  if (entries.length === 0 || entries.some(({ requests }) => !isKnown(requests))) return undefined;
  const requests = entries.reduce((sum, pod) => sum + (pod.requests ?? 0), 0);
  return {
    requests,
    p99Milliseconds: meanByRequests(entries, requests, (pod) => pod.p99Milliseconds),
    errorRatio: meanByRequests(entries, requests, (pod) => pod.errorRatio),
  };
}

function meanByRequests(
  pods: readonly ServingPod[],
  requests: number,
  valueOf: (pod: ServingPod) => number | undefined,
): number | undefined {
  let sum = 0;
  let covered = 0;
  for (const pod of pods) {
    const value = valueOf(pod);
    if (!isKnown(value)) continue;
    sum += value * (pod.requests ?? 0);
    covered += pod.requests ?? 0;
  }
  return covered > 0 && covered >= LEAST_COVERAGE * requests ? sum / covered : undefined;
}
