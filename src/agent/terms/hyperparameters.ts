// SPDX-License-Identifier: Apache-2.0

/** How an action is drawn from the values; see `behaviour.ts`. */
export type Algorithm = 'EpsilonGreedy' | 'UCB1' | 'Thompson' | 'Softmax';

/** What stands for the future at the next state; see `td.ts`. */
export type Bootstrap = 'sarsa' | 'expected-sarsa' | 'q-learning';

/** Everything that can be tuned about the agent, as fractions. Defaults: {@link DEFAULTS}. */
export interface Hyperparameters {
  /** Behaviour policy. Default EpsilonGreedy; the others are comparators. */
  readonly algorithm: Algorithm;
  /** Seeds, together with the decision's id, the draw of one decision. Default 1. */
  readonly seed: number;
  /** gamma, discount of the rewards of later Pods of the episode, 0..1. Default 0.3. */
  readonly discount: number;
  /** lambda, how far a return looks past its first step, 0 = TD(0) .. 1 = whole. Default 0.8. */
  readonly traceDecay: number;
  /** n, steps after which a return is cut and bootstrapped; Infinity = episode. Default Infinity. */
  readonly horizon: number;
  /** Value of the next state in the target. Default expected-sarsa: no noise from its draw. */
  readonly bootstrap: Bootstrap;
  /** 1/N steps (`mean`) or always the same (`constant`). Default mean. */
  readonly stepRule: 'mean' | 'constant';
  /** alpha of the `constant` rule, 0..1. Default 0.1. */
  readonly stepSize: number;
  /** Least step of the `mean` rule, 0..1: the speed at which change is tracked. Default 0.05. */
  readonly stepFloor: number;
  /** beta of the average-reward form; 0 = off, the discounted form. Default 0. */
  readonly averageRewardStep: number;
  /** Value of an action never tried, in advantage units; above 0 = optimistic. Default 0.15. */
  readonly initialValue: number;
  /**
   * Samples of the tier's that the initial value counts for where a workload has never tried an
   * action itself; 0 = the tier's value alone. Default 1.
   */
  readonly initialWeight: number;
  /** How many samples the tier's value counts for in a workload's own estimate. Default 2. */
  readonly priorWeight: number;
  /** epsilon at the first episode, 0..1. Default 0.03. */
  readonly epsilon: number;
  /** Episodes after which epsilon has halved: epsilon / (1 + episodes / this). Default 20. */
  readonly epsilonHalvingEpisodes: number;
  /** epsilon never falls below this, 0..1. Default 0.01. */
  readonly epsilonFloor: number;
  /**
   * Where epsilon explores, actions are drawn in proportion to exp(value / this), in advantage units;
   * Infinity = all alike. Default 0.1.
   */
  readonly explorationTemperature: number;
  /** Measured default decisions below which every decision is the default. Default 3. */
  readonly burnInDecisions: number;
  /** Share of the application's reward in each of its workloads' rewards, 0..1. Default 0.3. */
  readonly applicationShare: number;
  /** Weight of an update for a landing that was not the action asked for, 0..1. Default 0.5. */
  readonly landingCredit: number;
  /** UCB1: c of `value + c sqrt(ln t / n)`, in advantage units. Default 0.3. */
  readonly confidence: number;
  /** Thompson: standard deviation of one return, in advantage units. Default 0.15. */
  readonly returnDeviation: number;
  /** Softmax: temperature, in advantage units. Default 0.05. */
  readonly temperature: number;
}

/** The defaults of every hyperparameter. */
export const DEFAULTS: Hyperparameters = Object.freeze({
  algorithm: 'EpsilonGreedy',
  seed: 1,
  discount: 0.3,
  traceDecay: 0.8,
  horizon: Infinity,
  bootstrap: 'expected-sarsa',
  stepRule: 'mean',
  stepSize: 0.1,
  stepFloor: 0.05,
  averageRewardStep: 0,
  initialValue: 0.15,
  initialWeight: 1,
  priorWeight: 2,
  epsilon: 0.03,
  epsilonHalvingEpisodes: 20,
  epsilonFloor: 0.01,
  explorationTemperature: 0.1,
  burnInDecisions: 3,
  applicationShare: 0.3,
  landingCredit: 0.5,
  confidence: 0.3,
  returnDeviation: 0.15,
  temperature: 0.05,
});

/** The part of a policy that tunes the agent: integers, thousandths where the name says so. */
export interface LearningIntegers {
  readonly algorithm: Algorithm;
  readonly seed: number;
  readonly gammaThousandths: number;
  readonly lambdaThousandths: number;
  readonly initialValueThousandths: number;
  /** 0 = the tier's value alone. */
  readonly initialWeightThousandths: number;
  readonly epsilonThousandths: number;
  readonly epsilonHalvingEpisodes: number;
  readonly epsilonFloorThousandths: number;
  /** 0 = all actions alike. */
  readonly explorationTemperatureThousandths: number;
  readonly stepFloorThousandths: number;
  readonly burnInDecisions: number;
  readonly applicationShareThousandths: number;
  readonly landingCreditThousandths: number;
}

/** The hyperparameters of a policy; what a policy does not say is {@link DEFAULTS}. */
export function hyperparametersOf(spec: LearningIntegers): Hyperparameters {
  return {
    ...DEFAULTS,
    algorithm: spec.algorithm,
    seed: spec.seed,
    discount: spec.gammaThousandths / 1000,
    traceDecay: spec.lambdaThousandths / 1000,
    initialValue: spec.initialValueThousandths / 1000,
    initialWeight: spec.initialWeightThousandths / 1000,
    epsilon: spec.epsilonThousandths / 1000,
    epsilonHalvingEpisodes: spec.epsilonHalvingEpisodes,
    epsilonFloor: spec.epsilonFloorThousandths / 1000,
    explorationTemperature:
      spec.explorationTemperatureThousandths === 0
        ? Infinity
        : spec.explorationTemperatureThousandths / 1000,
    stepFloor: spec.stepFloorThousandths / 1000,
    burnInDecisions: spec.burnInDecisions,
    applicationShare: spec.applicationShareThousandths / 1000,
    landingCredit: spec.landingCreditThousandths / 1000,
  };
}

/**
 * epsilon after so many settled episodes: `epsilon / (1 + episodes / halving)`, never below the
 * floor (and never above `epsilon`, should the floor be set higher by mistake).
 */
export function epsilonAt(
  h: Pick<Hyperparameters, 'epsilon' | 'epsilonHalvingEpisodes' | 'epsilonFloor'>,
  episodes: number,
): number {
  const decayed = h.epsilon / (1 + episodes / h.epsilonHalvingEpisodes);
  return Math.max(decayed, Math.min(h.epsilonFloor, h.epsilon));
}

/**
 * Step size of an update with this credit, where `weight` counts the cell's updates including this
 * one: `credit · max(1 / weight, floor)`, or `credit · stepSize` under the `constant` rule. With
 * floor 0 the value is then exactly the credit-weighted mean of its targets.
 */
export function stepSizeAt(
  h: Pick<Hyperparameters, 'stepRule' | 'stepSize' | 'stepFloor'>,
  weight: number,
  credit: number,
): number {
  if (h.stepRule === 'constant') return credit * h.stepSize;
  return Math.min(1, credit * Math.max(1 / weight, h.stepFloor));
}

/** Which hyperparameter belongs to one behaviour alone, beside epsilon. */
const OWN_PARAMETER = {
  EpsilonGreedy: 'explorationTemperature',
  UCB1: 'confidence',
  Thompson: 'returnDeviation',
  Softmax: 'temperature',
} as const satisfies Record<Algorithm, keyof Hyperparameters>;

/** The parameter of the algorithm in force; undefined = infinite, epsilon tries all alike. */
export function parameterOf(h: Hyperparameters): number | undefined {
  const value = h[OWN_PARAMETER[h.algorithm]];
  return Number.isFinite(value) ? value : undefined;
}

/**
 * The defaults with this algorithm and its own parameter, the other way round of
 * {@link parameterOf}: what an audit line tells. Undefined for an algorithm that is not known, or
 * a parameter that is missing; only EpsilonGreedy has none where it tries all actions alike, as
 * every version did before it had a temperature.
 */
export function withParameter(
  algorithm: string,
  parameter: number | undefined,
): Hyperparameters | undefined {
  if (!isAlgorithm(algorithm)) return undefined;
  const value = parameter ?? (algorithm === 'EpsilonGreedy' ? Infinity : undefined);
  if (value === undefined) return undefined;
  return { ...DEFAULTS, algorithm, [OWN_PARAMETER[algorithm]]: value };
}

function isAlgorithm(text: string): text is Algorithm {
  return Object.hasOwn(OWN_PARAMETER, text);
}
