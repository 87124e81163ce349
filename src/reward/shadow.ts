// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import { judgeOffPolicy, type OffPolicyEstimate } from '#agent/choosing/off-policy.ts';
import { around, sequenceHalfWidth, type Interval } from './confidence.ts';

/** What Pods did on a target where the default scheduler put them. */
export interface Landing {
  readonly count: number;
  /** Mean share of the baseline's energy, and of its latency, that was saved there. */
  readonly energy: number;
  readonly latency: number;
}

/** One Shadow decision whose Pod was measured. */
export interface ShadowDecision {
  /** The Pod landed where the agent would have sent it; always so where it chose the default. */
  readonly agreed: boolean;
  /** Chance of that, from the landings before it; (0, 1]. */
  readonly propensity: number;
  /** Share of the baseline's energy and latency that was saved; below 0 = it cost more. */
  readonly energy: number;
  readonly latency: number;
  /** What the landings before it let expect of where it landed, and of where it was wanted. */
  readonly landedEnergy: number;
  readonly landedLatency: number;
  readonly wantedEnergy: number;
  readonly wantedLatency: number;
}

/** Everything kept of Shadow decisions; what a model shard stores of a workload. */
export interface ShadowSums {
  readonly landings: Readonly<Record<Action, Landing>>;
  /** The newest decisions, oldest first. */
  readonly decisions: readonly ShadowDecision[];
}

/** One measured Pod of mode Shadow. */
export interface ShadowSample {
  /** What the agent would have asked for. */
  readonly wanted: Action;
  readonly landed: Action;
  /** Number of targets that the scheduler could have used. */
  readonly targets: number;
  readonly energy: number;
  readonly latency: number;
}

/** Decisions remembered; older ones are of an older cluster. */
export const SHADOW_MEMORY = 200;

/** Targets remembered; beyond it the rarest goes. */
export const LANDING_MEMORY = 256;

/** Landings before a decision is judged: until then their shares are no probabilities. */
const LEAST_LANDINGS = 10;

/** Nothing seen yet. */
export const NO_SHADOW: ShadowSums = { landings: {}, decisions: [] };

/**
 * Counts one Pod. Its chance to agree is the share of earlier Pods that landed on the wanted
 * target, with one more counted for every target (Laplace), so that none has chance 0.
 */
export function addShadowSample(sums: ShadowSums | undefined, sample: ShadowSample): ShadowSums {
  const { landings, decisions } = sums ?? NO_SHADOW;
  const all = Object.values(landings);
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const after = { landings: landedAt(landings, sample), decisions };
  if (count < LEAST_LANDINGS) return after;
  const overall = {
    energy: all.reduce((sum, one) => sum + one.energy * one.count, 0) / count,
    latency: all.reduce((sum, one) => sum + one.latency * one.count, 0) / count,
  };
  const known = (action: Action): Landing | undefined =>
    Object.hasOwn(landings, action) ? landings[action] : undefined;
  const isDefault = sample.wanted === DEFAULT_ACTION;
  const landed = (isDefault ? undefined : known(sample.landed)) ?? overall;
  const wanted = (isDefault ? undefined : known(sample.wanted)) ?? overall;
  const places = Math.max(sample.targets, all.length, 1);
  const decision: ShadowDecision = {
    agreed: isDefault || sample.wanted === sample.landed,
    propensity: isDefault ? 1 : ((known(sample.wanted)?.count ?? 0) + 1) / (count + places),
    energy: sample.energy,
    latency: sample.latency,
    landedEnergy: landed.energy,
    landedLatency: landed.latency,
    wantedEnergy: wanted.energy,
    wantedLatency: wanted.latency,
  };
  return { ...after, decisions: [...decisions, decision].slice(-SHADOW_MEMORY) };
}

/** One cost by three estimators, as shares of the baseline; above 0 = saved. */
export interface ShadowEstimate {
  /** Inverse propensity score: unbiased, wide. */
  readonly ips: Interval;
  /** Self-normalised. */
  readonly snips: Interval;
  /** Doubly robust. */
  readonly doublyRobust: Interval;
}

/** What the agent would have saved had its choices been followed. */
export interface ShadowSavings {
  readonly kind: 'estimated';
  readonly decisions: number;
  /** `(sum w)^2 / sum w^2`: how many decisions the estimate really rests on. */
  readonly effectiveSampleSize: number;
  readonly energy: ShadowEstimate;
  readonly latency: ShadowEstimate;
}

/** Too little to say anything; it is not a saving of 0. */
export interface NoShadowSavings {
  readonly kind: 'refused';
  readonly decisions: number;
  readonly effectiveSampleSize: number;
  /** Effective sample size that is needed. */
  readonly needed: number;
}

/** An estimate that rests on fewer decisions than this is not given. */
export const LEAST_EFFECTIVE_SAMPLES = 30;

/**
 * What the choices of mode Shadow would have saved against the default scheduler, estimated from
 * the Pods that the scheduler happened to put where the agent wanted them (Dudik, Langford & Li
 * 2011, arXiv 1103.4601). Decisions of several workloads may be given together: shares of the
 * baseline mix where joules do not.
 */
export function shadowSavings(
  decisions: readonly ShadowDecision[],
): ShadowSavings | NoShadowSavings {
  const energy = judged(decisions, (one) => ({
    reward: one.energy,
    modelled: one.landedEnergy,
    modelledTarget: one.wantedEnergy,
  }));
  const latency = judged(decisions, (one) => ({
    reward: one.latency,
    modelled: one.landedLatency,
    modelledTarget: one.wantedLatency,
  }));
  const effectiveSampleSize = energy?.effectiveSampleSize ?? 0;
  const count = decisions.length;
  const energyEstimate = estimateOf(energy, count);
  const latencyEstimate = estimateOf(latency, count);
  if (
    effectiveSampleSize < LEAST_EFFECTIVE_SAMPLES ||
    energyEstimate === undefined ||
    latencyEstimate === undefined
  ) {
    const needed = LEAST_EFFECTIVE_SAMPLES;
    return { kind: 'refused', decisions: count, effectiveSampleSize, needed };
  }
  return {
    kind: 'estimated',
    decisions: count,
    effectiveSampleSize,
    energy: energyEstimate,
    latency: latencyEstimate,
  };
}

type Report = ReturnType<typeof judgeOffPolicy>;

function judged(
  decisions: readonly ShadowDecision[],
  costOf: (one: ShadowDecision) => {
    readonly reward: number;
    readonly modelled: number;
    readonly modelledTarget: number;
  },
): Report {
  return judgeOffPolicy(
    decisions.map((one) => ({
      propensity: one.propensity,
      targetProbability: one.agreed ? 1 : 0,
      ...costOf(one),
    })),
  );
}

function estimateOf(report: Report, count: number): ShadowEstimate | undefined {
  if (report?.snips === undefined || report.doublyRobust === undefined) return undefined;
  const interval = ({ mean, standardError = Infinity }: OffPolicyEstimate): Interval =>
    around(mean, sequenceHalfWidth(count, standardError ** 2));
  return {
    ips: interval(report.ips),
    snips: interval(report.snips),
    doublyRobust: interval(report.doublyRobust),
  };
}

function landedAt(
  landings: ShadowSums['landings'],
  { landed, energy, latency }: ShadowSample,
): ShadowSums['landings'] {
  const before = Object.hasOwn(landings, landed) ? landings[landed] : undefined;
  const count = (before?.count ?? 0) + 1;
  const toward = (old: number | undefined, value: number): number =>
    (old ?? 0) + (value - (old ?? 0)) / count;
  const entries: [Action, Landing][] = [
    ...Object.entries(landings).filter(([target]) => target !== landed),
    [
      landed,
      { count, energy: toward(before?.energy, energy), latency: toward(before?.latency, latency) },
    ],
  ];
  if (entries.length <= LANDING_MEMORY) return Object.fromEntries(entries);
  const rarest = entries.reduce((least, one) => (one[1].count < least[1].count ? one : least));
  return Object.fromEntries(entries.filter((one) => one !== rarest));
}
