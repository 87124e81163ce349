// SPDX-License-Identifier: Apache-2.0
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { updateBaselines, type Baselines } from '#reward/baseline.ts';
import { rawCosts } from '#reward/costs.ts';
import type { Outcome } from '#reward/outcome.ts';
import { evaluate } from '#reward/reward.ts';
import { rewardSettings } from '#reward/settings.ts';
import type { IntervalStats } from '#simulator/engine/interval.ts';

/** Cost of a window in which nothing was answered: the end of the band of missed objectives. */
const WORST_COST = 3;

/** One window of the whole application, judged. */
export interface Score {
  /** Total cost: 1 = like the mean of the default scheduler, at most 2; above 2.1 = SLO missed. */
  readonly cost: number;
  readonly sloBreached: boolean;
}

/**
 * Judges the whole application with the product's reward formula: energy of all nodes by request
 * and p99 of user requests, against the mean of the default scheduler, with the policy's weights
 * (that of utilisation falls to the other two). This is what regret is counted in; the agent
 * itself never sees it.
 */
export class Judge {
  readonly #policy: PolicySpec;
  readonly #baselines: Baselines;

  /** @param defaults windows of the default scheduler */
  constructor(policy: PolicySpec, defaults: readonly IntervalStats[]) {
    this.#policy = policy;
    let baselines: Baselines = {};
    for (const window of defaults) {
      baselines = updateBaselines(baselines, rawCosts(outcomeOf(window)), 1);
    }
    this.#baselines = baselines;
  }

  /** Judges one window. */
  score(window: IntervalStats): Score {
    const settings = rewardSettings(this.#policy.reward, 1);
    const evaluation = evaluate(outcomeOf(window), this.#baselines, settings);
    if (evaluation.kind === 'censored') return { cost: WORST_COST, sloBreached: true };
    return { cost: -evaluation.reward, sloBreached: evaluation.sloBreached };
  }
}

function outcomeOf(window: IntervalStats): Outcome {
  const requests = window.completed + window.failed;
  return {
    joules: window.joules,
    requests,
    p99Milliseconds: window.p99Milliseconds,
    errorRatio: requests > 0 ? window.failed / requests : undefined,
    cpuRatio: undefined,
    memoryRatio: undefined,
  };
}
