// SPDX-License-Identifier: Apache-2.0
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { MissingReason, Reading } from '#telemetry/reading/reading.ts';
import type { LatencyWindow, NodeLoad, PowerWindow, Window } from '#telemetry/reading/source.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import { marginalReading, type PowerCurves } from './marginal.ts';

/** Everything telemetry said about one window: three questions for all Pods and nodes at once. */
export interface WindowReadings {
  readonly window: Window;
  readonly power: PowerWindow;
  readonly latency: LatencyWindow;
  readonly load: ReadonlyMap<string, NodeLoad>;
  /** Grams of CO2 equivalents per kilowatt-hour, by node; undefined = nobody tells. */
  readonly carbon?: ReadonlyMap<string, Reading> | undefined;
  /** For the accounting `Marginal`. */
  readonly curves?: PowerCurves | undefined;
}

/** The readings of one Pod and of the node it ran on, joined. */
export interface PodReadings {
  /** Energy as Kepler attributes it to the Pod, joules. */
  readonly podJoules: Reading;
  /** Mean power of its node, watts, and the sum of what is attributed to Pods there, joules. */
  readonly nodeWatts: Reading;
  readonly attributedJoules: Reading;
  readonly requests: Reading;
  readonly p99Milliseconds: Reading;
  readonly errorRatio: Reading;
  readonly cpuRatio: Reading;
  readonly memoryRatio: Reading;
  /** Slope of its node's power curve, watts per whole node of utilisation. */
  readonly marginalWatts?: Reading;
  /** Grams of CO2 equivalents per kilowatt-hour where its node is. */
  readonly carbonIntensity?: Reading;
}

/** Joins the window's readings to one bound Pod. What is in no answer is `absent`. */
export function podReadings(
  pod: Pick<PendingDecision, 'namespace' | 'podName' | 'podUid' | 'nodeName'>,
  readings: WindowReadings,
): PodReadings {
  const { power, latency, load } = readings;
  const key = `${pod.namespace}/${pod.podName}`;
  const node = pod.nodeName ?? '';
  const requests = latency.pods.get(key);
  const utilisation = load.get(node);
  const or = (reading: Reading | undefined, what: string): Reading =>
    reading ?? { kind: 'missing', reason: 'absent', detail: `${what} is in no answer` };
  const cpuRatio = or(utilisation?.cpuRatio, `CPU of node ${node}`);
  const { curves, carbon } = readings;
  return {
    podJoules: or(power.podJoules.get(pod.podUid), `energy of Pod ${key}`),
    nodeWatts: or(power.nodeWatts.get(node), `power of node ${node}`),
    attributedJoules: or(power.attributedJoules.get(node), `attributed energy of node ${node}`),
    requests: or(requests?.requests, `requests of Pod ${key}`),
    p99Milliseconds: or(requests?.p99Milliseconds, `latency of Pod ${key}`),
    errorRatio: or(requests?.errorRatio, `errors of Pod ${key}`),
    cpuRatio,
    memoryRatio: or(utilisation?.memoryRatio, `memory of node ${node}`),
    ...(curves === undefined ? {} : { marginalWatts: marginalReading(node, cpuRatio, curves) }),
    ...(carbon === undefined
      ? {}
      : { carbonIntensity: or(carbon.get(node), `carbon intensity of node ${node}`) }),
  };
}

/** The readings without which there is no reward under this policy. */
export function neededReadings(spec: PolicySpec): (keyof PodReadings)[] {
  const { reward } = spec;
  const weighsLatency = reward.performancePercent > 0;
  const needed: (keyof PodReadings)[] = ['requests'];
  if (reward.sustainabilityPercent > 0) {
    needed.push('podJoules');
    if (reward.accounting === 'Amortised') needed.push('nodeWatts', 'attributedJoules');
    if (reward.accounting === 'Marginal') {
      needed.push('attributedJoules', 'cpuRatio', 'marginalWatts');
    }
    if (reward.unit === 'GramsCO2e') needed.push('carbonIntensity');
  }
  if (weighsLatency || reward.sloP99Milliseconds !== undefined) needed.push('p99Milliseconds');
  // Failed requests are not served ones, so energy per request needs them too.
  if (weighsLatency || reward.sustainabilityPercent > 0 || reward.sloErrorThousandths !== undefined)
    needed.push('errorRatio');
  return needed;
}

/**
 * Why these readings are no outcome: the first needed one that is missing, not a number or stale;
 * too few requests. Undefined when all of them can be used. A cost whose weight is 0 needs nothing;
 * utilisation is looked at later, beside the baseline (`judging/appraisal.ts`).
 */
export function problemOf(
  readings: PodReadings,
  spec: PolicySpec,
): MissingReason | 'too-few-requests' | undefined {
  for (const name of neededReadings(spec)) {
    const reading = readings[name];
    if (reading === undefined) return 'absent';
    const problem = readingProblem(reading, spec.measurement.staleAfterSeconds);
    if (problem !== undefined) return problem;
  }
  const { requests } = readings;
  const enough = requests.kind === 'measured' && requests.value >= spec.measurement.minimumRequests;
  return enough ? undefined : 'too-few-requests';
}

/** Why a reading cannot be used: missing, not a number, or older than the policy allows. */
export function readingProblem(
  reading: Reading,
  staleAfterSeconds: number,
): MissingReason | undefined {
  if (reading.kind === 'missing') return reading.reason;
  if (!Number.isFinite(reading.value)) return 'not-a-number';
  return reading.ageSeconds > staleAfterSeconds ? 'stale' : undefined;
}
