// SPDX-License-Identifier: Apache-2.0
import type { StoredMoving } from '#cluster/model/capacity.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { EMPTY_BASELINE } from '#reward/baseline.ts';
import { extendMoveCost } from '#reward/move.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import type { Window } from '#telemetry/reading/source.ts';
import { readingProblem, type WindowReadings } from '#learner/readings/outcome.ts';
import type { Standing } from '#learner/capacity/standing.ts';

/** What is kept of a workload none of whose Pods was ever moved. */
export const NO_MOVES: StoredMoving = {
  moves: 0,
  startUpJoules: EMPTY_BASELINE,
  disturbanceSeconds: EMPTY_BASELINE,
  measuredUntil: 0,
  changes: [],
};

/** Pods that became Ready so long ago are not measured any more: telemetry forgets. */
const LOOK_BACK_MILLISECONDS = 3_600_000;

/** Pods that began so long before the youngest belong to another rollout. */
const ONE_ROLLOUT_MILLISECONDS = 900_000;

/** New Pods of a workload, and the two windows that tell what their start cost. */
export interface StartUp {
  readonly pods: readonly SlimPod[];
  /** From the first binding to the end of the last warm-up. */
  readonly starting: Window;
  /** As long as the policy measures, right after it: what is usual. */
  readonly steady: Window;
}

/**
 * The start of the newest Pods of a workload, once it can be measured; undefined = there is
 * nothing new, or not yet.
 */
export function startUpOf(
  standing: Standing,
  stored: StoredMoving | undefined,
  spec: PolicySpec,
  now: number,
): StartUp | undefined {
  const { warmUpSeconds, windowSeconds } = spec.measurement;
  const youngest = standing.youngestReadyAt;
  const since = Math.max(stored?.measuredUntil ?? 0, now - LOOK_BACK_MILLISECONDS);
  if (!standing.settled || youngest <= since) return undefined;
  const to = youngest + warmUpSeconds * 1000;
  const steady = { from: to, to: to + windowSeconds * 1000 };
  if (now < steady.to) return undefined;
  const pods = standing.pods.filter(
    ({ readyAt = 0, boundAt = 0 }) =>
      readyAt > since && boundAt > 0 && boundAt > youngest - ONE_ROLLOUT_MILLISECONDS,
  );
  if (pods.length === 0) return undefined;
  const from = Math.min(...pods.map(({ boundAt = youngest }) => boundAt));
  return { pods, starting: { from, to }, steady };
}

/**
 * Counts a start into the cost of a move. Start-up energy is what the new Pods took from their
 * binding to the end of their warm-up beyond what they take when they serve; that other Pods of
 * the same rollout served meanwhile makes it rather too high than too low. Latency is that of the
 * whole workload meanwhile, against the window right after it.
 */
export function withStartUp(
  stored: StoredMoving | undefined,
  start: StartUp,
  readings: { readonly starting: WindowReadings; readonly steady: WindowReadings },
  context: { readonly standing: Standing; readonly spec: PolicySpec },
): StoredMoving {
  const before = stored ?? NO_MOVES;
  const { standing, spec } = context;
  const { warmUpSeconds } = spec.measurement;
  const extra = start.pods.map((pod) => {
    const taken = joulesIn(pod, readings.starting, start.starting, spec);
    const usual = joulesIn(pod, readings.steady, start.steady, spec);
    if (taken === undefined || usual === undefined) return undefined;
    const watts = usual / secondsOf(start.steady);
    return Math.max(0, taken - watts * warmUpSeconds);
  });
  const cost = extendMoveCost(
    before,
    {
      startUpJoules: mean(extra),
      p99Milliseconds: p99Of(standing.pods, readings.starting, spec),
      baselineP99Milliseconds: p99Of(standing.pods, readings.steady, spec),
      seconds: secondsOf(start.starting),
      replicas: standing.pods.length,
      moved: start.pods.length,
    },
    { sloP99Milliseconds: spec.reward.sloP99Milliseconds },
  );
  return { ...before, ...cost, measuredUntil: standing.youngestReadyAt };
}

/** Power of one Pod in a window, watts; undefined = not measured. */
export function wattsOf(
  pod: SlimPod,
  readings: WindowReadings,
  spec: PolicySpec,
): number | undefined {
  const joules = joulesIn(pod, readings, readings.window, spec);
  return joules === undefined ? undefined : joules / secondsOf(readings.window);
}

/** Counters span the time between their own samples; brought to the length of the window. */
function joulesIn(
  pod: SlimPod,
  readings: WindowReadings,
  window: Window,
  spec: PolicySpec,
): number | undefined {
  const reading = readings.power.podJoules.get(pod.uid);
  const value = known(reading, spec);
  if (value === undefined || reading?.kind !== 'measured' || !(reading.windowSeconds > 0)) {
    return undefined;
  }
  return (value / reading.windowSeconds) * secondsOf(window);
}

/** Mean p99 of these Pods, by requests; a Pod that served nobody says nothing. */
function p99Of(
  pods: readonly SlimPod[],
  readings: WindowReadings,
  spec: PolicySpec,
): number | undefined {
  let sum = 0;
  let weight = 0;
  for (const { namespace, name } of pods) {
    const latency = readings.latency.pods.get(`${namespace}/${name}`);
    const requests = known(latency?.requests, spec);
    const p99 = known(latency?.p99Milliseconds, spec);
    if (requests === undefined || p99 === undefined || !(requests > 0)) continue;
    sum += p99 * requests;
    weight += requests;
  }
  return weight > 0 ? sum / weight : undefined;
}

function known(reading: Reading | undefined, spec: PolicySpec): number | undefined {
  if (reading?.kind !== 'measured') return undefined;
  const problem = readingProblem(reading, spec.measurement.staleAfterSeconds);
  return problem === undefined ? reading.value : undefined;
}

/** Undefined as soon as one is: the Pods that are missing may be the expensive ones. */
function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0 || known.length < values.length) return undefined;
  return known.reduce((total, value) => total + value, 0) / known.length;
}

function secondsOf({ from, to }: Window): number {
  return (to - from) / 1000;
}
