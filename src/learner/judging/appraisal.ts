// SPDX-License-Identifier: Apache-2.0
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { chargedJoules } from '#reward/accounting.ts';
import { baselineMean, updateBaselines, type Baselines } from '#reward/baseline.ts';
import { rawCosts } from '#reward/costs.ts';
import type { Outcome } from '#reward/outcome.ts';
import { carbonGrams } from '#reward/carbon.ts';
import { evaluate, type Rewarded } from '#reward/reward.ts';
import { rewardSettings } from '#reward/settings.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import { readingProblem, type PodReadings } from '#learner/readings/outcome.ts';
import type { CensorReason } from './censor-reason.ts';
import { valueOf } from '#learner/readings/value.ts';

/** A judged Pod, or why it cannot be judged. */
export type Appraisal = Rewarded | { readonly kind: 'censored'; readonly reason: CensorReason };

/**
 * The readings of a Pod as the plain numbers the reward is made of. A reading that cannot be used
 * (missing, stale, not a number) is undefined there, with its reason.
 */
export function outcomeOf(readings: PodReadings, spec: PolicySpec): Outcome {
  const known = (reading: Reading | undefined): number | undefined =>
    reading && readingProblem(reading, spec.measurement.staleAfterSeconds) === undefined
      ? valueOf(reading)
      : undefined;
  // Counters span the time between their own two samples, which is not that of another exporter:
  // all are brought to the policy's window, or energy of one span is divided by requests of another.
  const { windowSeconds } = spec.measurement;
  const inWindow = (reading: Reading): number | undefined => {
    const value = known(reading);
    const span = reading.kind === 'measured' ? reading.windowSeconds : Number.NaN;
    return value === undefined || !(span > 0) ? undefined : (value / span) * windowSeconds;
  };
  const watts = known(readings.nodeWatts);
  const joules = chargedJoules(spec.reward.accounting, {
    podJoules: inWindow(readings.podJoules),
    attributedJoules: inWindow(readings.attributedJoules),
    nodeJoules: watts === undefined ? undefined : watts * windowSeconds,
    utilisation: known(readings.cpuRatio),
    marginalWatts: known(readings.marginalWatts),
    seconds: windowSeconds,
  });
  return {
    joules,
    gramsCo2e: carbonGrams(joules, known(readings.carbonIntensity)),
    requests: inWindow(readings.requests),
    p99Milliseconds: known(readings.p99Milliseconds),
    errorRatio: known(readings.errorRatio),
    cpuRatio: known(readings.cpuRatio),
    memoryRatio: known(readings.memoryRatio),
  };
}

/**
 * Judges a Pod against the default scheduler's baselines. Utilisation that the baseline knows and
 * the Pod's node does not tell is censored: neither idle nor full may be guessed. Where no
 * baseline ever had it (no node metrics in this cluster) the term is left out for all alike.
 */
export function appraise(
  readings: PodReadings,
  baselines: Baselines | undefined,
  spec: PolicySpec,
): Appraisal {
  const settings = rewardSettings(spec.reward);
  const outcome = outcomeOf(readings, spec);
  if (settings.weights.resources > 0) {
    for (const name of ['cpuRatio', 'memoryRatio'] as const) {
      const reference = baselineMean(baselines, name, settings.minimumBaselineWeight);
      if (outcome[name] !== undefined || reference === undefined) continue;
      const problem = readingProblem(readings[name], spec.measurement.staleAfterSeconds);
      return { kind: 'censored', reason: problem ?? 'absent' };
    }
  }
  const evaluation = evaluate(outcome, baselines, settings);
  if (evaluation.kind === 'rewarded') return evaluation;
  return { kind: 'censored', reason: evaluation.reason };
}

/** Counts a Pod of the default scheduler into the baselines of one load bucket. */
export function extendBaselines(
  baselines: Baselines | undefined,
  readings: PodReadings,
  spec: PolicySpec,
): Baselines {
  return updateBaselines(baselines, rawCosts(outcomeOf(readings, spec)));
}
