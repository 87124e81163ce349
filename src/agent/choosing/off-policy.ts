// SPDX-License-Identifier: Apache-2.0

/** One logged decision, seen from the policy to be judged. */
export interface LoggedDecision {
  /** Probability with which the logging policy took this action, (0, 1]. */
  readonly propensity: number;
  /** Probability with which the judged policy would take the same action, 0..1. */
  readonly targetProbability: number;
  /** Measured reward; leave decisions without one out. */
  readonly reward: number;
  /** Model's estimate for the logged action; only the doubly robust estimate reads it. */
  readonly modelled?: number | undefined;
  /** Model's estimate for the judged policy: sum over actions of probability times estimate. */
  readonly modelledTarget?: number | undefined;
}

/** An estimated mean reward per decision. */
export interface OffPolicyEstimate {
  readonly mean: number;
  /** Of the mean; undefined with fewer than two decisions. */
  readonly standardError: number | undefined;
}

/** Estimates of a policy's mean reward from decisions another policy took. */
export interface OffPolicyReport {
  /** Inverse propensity score: mean of w r. Unbiased, wild when w is large. */
  readonly ips: OffPolicyEstimate;
  /** Self-normalised: sum of w r over sum of w. undefined = no decision has a weight above 0. */
  readonly snips: OffPolicyEstimate | undefined;
  /** Doubly robust; undefined = some decision has no modelled values. */
  readonly doublyRobust: OffPolicyEstimate | undefined;
  /** `(sum w)^2 / sum w^2`: how many decisions the estimate really rests on. */
  readonly effectiveSampleSize: number;
}

/**
 * Judges a policy off-policy with weights w = targetProbability / propensity (Dudik, Langford & Li
 * 2011, arXiv 1103.4601). undefined where there is no decision. Do not quote an estimate whose
 * effective sample size is small.
 * @throws RangeError for a propensity outside (0, 1], as logs of a deterministic policy have.
 */
export function judgeOffPolicy(log: readonly LoggedDecision[]): OffPolicyReport | undefined {
  if (log.length === 0) return undefined;
  const weights = log.map(weightOf);
  const total = sumOf(weights);
  const squares = sumOf(weights.map((weight) => weight * weight));
  return {
    ips: meanOf(log.map(({ reward }, index) => (weights[index] ?? 0) * reward)),
    snips: total > 0 ? selfNormalised(log, weights, total) : undefined,
    doublyRobust: doublyRobust(log, weights),
    effectiveSampleSize: squares > 0 ? total ** 2 / squares : 0,
  };
}

function weightOf({ propensity, targetProbability, reward }: LoggedDecision): number {
  if (!(propensity > 0 && propensity <= 1)) {
    throw new RangeError(`propensity: found ${propensity}`);
  }
  if (!(targetProbability >= 0 && targetProbability <= 1)) {
    throw new RangeError(`targetProbability: found ${targetProbability}`);
  }
  if (!Number.isFinite(reward)) throw new RangeError(`reward: found ${reward}`);
  return targetProbability / propensity;
}

/** The ratio of two means; its error by linearisation (delta method). */
function selfNormalised(
  log: readonly LoggedDecision[],
  weights: readonly number[],
  total: number,
): OffPolicyEstimate {
  const weighted = log.map(({ reward }, index) => (weights[index] ?? 0) * reward);
  const mean = sumOf(weighted) / total;
  const residuals = log.map(({ reward }, index) => (weights[index] ?? 0) * (reward - mean));
  const spread = Math.sqrt(sumOf(residuals.map((residual) => residual ** 2))) / total;
  return { mean, standardError: log.length < 2 ? undefined : spread };
}

function doublyRobust(
  log: readonly LoggedDecision[],
  weights: readonly number[],
): OffPolicyEstimate | undefined {
  const terms: number[] = [];
  for (const [index, { reward, modelled, modelledTarget }] of log.entries()) {
    if (modelled === undefined || modelledTarget === undefined) return undefined;
    terms.push(modelledTarget + (weights[index] ?? 0) * (reward - modelled));
  }
  return meanOf(terms);
}

function meanOf(values: readonly number[]): OffPolicyEstimate {
  const mean = sumOf(values) / values.length;
  if (values.length < 2) return { mean, standardError: undefined };
  const variance = sumOf(values.map((value) => (value - mean) ** 2)) / (values.length - 1);
  return { mean, standardError: Math.sqrt(variance / values.length) };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
