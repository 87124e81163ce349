// SPDX-License-Identifier: Apache-2.0
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { baselineMean, type Baseline, type Baselines } from '#reward/baseline.ts';
import { rawCosts, type RawCosts } from '#reward/costs.ts';
import type { Outcome } from '#reward/outcome.ts';
import { evaluate } from '#reward/reward.ts';
import { rewardSettings } from '#reward/settings.ts';
import type { LatencyWindow } from '#telemetry/reading/source.ts';

/** One measured Pod of an application, those of earlier rollouts too. */
export interface ApplicationPod {
  readonly workload: WorkloadKey;
  readonly namespace: string;
  readonly outcome: Outcome;
  /** What the default scheduler costs it, before the window. */
  readonly baselines: Baselines | undefined;
  /** Its latency and requests are those of the application; it serves none of its own. */
  readonly borrows: boolean;
}

/** Sums over Pods of what is, and of what the default scheduler would have cost instead. */
interface Sums {
  joules: number;
  grams: number;
  expectedJoules: number;
  expectedGrams: number;
}

/**
 * The advantage of a whole application over the default scheduler, by the formula of a single Pod:
 * its energy is that of all its Pods together, its latency and errors are those of its entries, the
 * workloads that no other workload of it calls. What the default scheduler would have cost is the
 * sum of what each Pod's own baseline says, so that no baseline of the whole is needed. A workload
 * thus counts by the energy it takes, and a call that users do not wait for does not count as
 * latency. Pods without a baseline are left out of both sums.
 * @returns undefined where no Pod, or no entry, can be judged
 */
export function applicationAdvantage(
  pods: readonly ApplicationPod[],
  latency: Pick<LatencyWindow, 'edges'>,
  spec: PolicySpec,
): number | undefined {
  const settings = rewardSettings(spec.reward);
  const sums: Sums = { joules: 0, grams: 0, expectedJoules: 0, expectedGrams: 0 };
  const judged = pods.filter((pod) => addTo(sums, pod, settings.minimumBaselineWeight));
  const entries = entriesOf(judged, latency);
  const requests = sumOf(entries, ({ outcome }) => outcome.requests);
  if (requests === undefined || requests <= 0) return undefined;
  const errorRatio = meanBy(entries, requests, ({ outcome }) => outcome.errorRatio);
  if (errorRatio === undefined) return undefined;
  const succeeded = requests * (1 - errorRatio);
  const expected = (cost: keyof RawCosts): number | undefined =>
    meanBy(entries, requests, ({ baselines }) =>
      baselineMean(baselines, cost, settings.minimumBaselineWeight),
    );
  const outcome: Outcome = {
    joules: sums.joules,
    gramsCo2e: sums.grams,
    requests,
    p99Milliseconds: meanBy(entries, requests, ({ outcome: one }) => one.p99Milliseconds),
    errorRatio,
    cpuRatio: undefined,
    memoryRatio: undefined,
  };
  const evaluation = evaluate(
    outcome,
    baselinesOf({
      joulesPerRequest: sums.expectedJoules / succeeded,
      gramsPerRequest: sums.expectedGrams / succeeded,
      p99Milliseconds: expected('p99Milliseconds'),
      errorRatio: expected('errorRatio'),
    }),
    { ...settings, minimumBaselineWeight: 1 },
  );
  return evaluation.kind === 'rewarded' ? evaluation.advantage : undefined;
}

/** Adds a Pod to the sums; false where its energy or its baseline is not known. */
function addTo(sums: Sums, { outcome, baselines }: ApplicationPod, minimumWeight: number): boolean {
  const { requests, errorRatio, joules, gramsCo2e } = outcome;
  const raw = rawCosts(outcome);
  const expected = baselineMean(baselines, 'joulesPerRequest', minimumWeight);
  if (expected === undefined || raw.joulesPerRequest === undefined) return false;
  if (requests === undefined || errorRatio === undefined || joules === undefined) return false;
  const succeeded = requests * (1 - errorRatio);
  sums.joules += joules;
  sums.expectedJoules += expected * succeeded;
  const expectedGrams = baselineMean(baselines, 'gramsPerRequest', minimumWeight);
  sums.grams += gramsCo2e ?? Number.NaN;
  sums.expectedGrams += (expectedGrams ?? Number.NaN) * succeeded;
  return true;
}

/** Pods of workloads that no other workload of the application calls; all where they form a ring. */
function entriesOf(
  pods: readonly ApplicationPod[],
  { edges }: Pick<LatencyWindow, 'edges'>,
): readonly ApplicationPod[] {
  const called = new Set<string>();
  for (const { namespace, source, destination, requests } of edges) {
    if (source !== destination && requests > 0) called.add(`${namespace}/${destination}`);
  }
  const serving = pods.filter(({ borrows }) => !borrows);
  const outer = serving.filter(({ namespace, workload }) => {
    // The mesh names a workload without its kind.
    return !called.has(`${namespace}/${workload.slice(workload.indexOf('/') + 1)}`);
  });
  return outer.length > 0 ? outer : serving;
}

function sumOf(
  pods: readonly ApplicationPod[],
  valueOf: (pod: ApplicationPod) => number | undefined,
): number | undefined {
  let sum = 0;
  for (const pod of pods) sum += valueOf(pod) ?? Number.NaN;
  return Number.isFinite(sum) ? sum : undefined;
}

/** Mean over Pods by their requests; undefined if one is not known. */
function meanBy(
  pods: readonly ApplicationPod[],
  requests: number,
  valueOf: (pod: ApplicationPod) => number | undefined,
): number | undefined {
  const sum = sumOf(pods, (pod) => (valueOf(pod) ?? Number.NaN) * (pod.outcome.requests ?? 0));
  return sum === undefined ? undefined : sum / requests;
}

/** Known costs as baselines of full weight. */
function baselinesOf(costs: Readonly<Record<string, number | undefined>>): Baselines {
  const found: Record<string, Baseline> = {};
  for (const [cost, mean] of Object.entries(costs)) {
    if (mean !== undefined && Number.isFinite(mean)) found[cost] = { mean, variance: 0, weight: 1 };
  }
  return found;
}
