// SPDX-License-Identifier: Apache-2.0
import { createGenerator, type Generator } from '#agent/terms/random.ts';
import type { StoredScaling } from '#cluster/model/capacity.ts';
import { parsePolicySpec } from '#cluster/policy/parse.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { planScaling, type ScalingInput, type ScalingPlan } from '#learner/scaling/plan.ts';
import { extendReference, judgeScaling, type ScalingOutcome } from '#reward/scaling.ts';
import { rewardSettings } from '#reward/settings.ts';

const SECONDS = 120;

/** A policy that decides every five minutes, without a cooldown or a budget in the way. */
export function scalingPolicy(over: Record<string, unknown> = {}): PolicySpec {
  return parsePolicySpec({
    reward: { sloP99Milliseconds: 200 },
    measurement: { minimumRequests: 10 },
    scaling: {
      mode: 'Apply',
      minReplicas: 1,
      maxReplicas: 12,
      cooldownSeconds: 0,
      changesPerHour: 10_000,
      ...over,
    },
  });
}

/**
 * A workload whose truth is known: each replica serves `capacity` requests a second, p99 rises as
 * 1 / (1 - use), a request costs energy of its own, and each replica burns some whether it serves
 * or not. Load is whatever the test says; noise is drawn from one seed.
 */
export class ScaledWorld {
  replicas: number;
  rate: number;
  now = Date.parse('2026-01-05T00:00:00Z');
  stored: StoredScaling | undefined;
  readonly spec: PolicySpec;
  /** Requests per second of one replica at its limit. */
  capacity = 100;
  joulesPerRequest = 0.1;
  wattsPerReplica = 4;
  width = 0.05;
  readonly plans: ScalingPlan[] = [];
  readonly #random: Generator;

  constructor(seed: number, replicas: number, rate: number, spec = scalingPolicy()) {
    this.replicas = replicas;
    this.rate = rate;
    this.spec = spec;
    this.#random = createGenerator(`scaled ${seed}`);
  }

  /** One interval: measure, decide, do it. */
  step(over: Partial<ScalingInput> = {}): ScalingPlan {
    this.now += this.spec.scaling.intervalSeconds * 1000;
    const outcome = this.outcome(this.replicas, this.width);
    const plan = planScaling({
      spec: this.spec,
      stored: this.stored,
      replicas: this.replicas,
      readings: { outcome, rate: this.rate, utilisation: this.use(this.replicas) },
      refusals: [],
      mayShrinkTo: () => true,
      id: (decision) => `scaling/shop/Deployment/web/${decision}`,
      now: this.now,
      ...over,
    });
    this.stored = plan.next;
    this.plans.push(plan);
    if (plan.act !== undefined) this.replicas = plan.act.to;
    return plan;
  }

  /** Share of the CPU in use with so many replicas. */
  use(replicas: number): number {
    return Math.min(1.5, this.rate / (replicas * this.capacity));
  }

  /** What a window costs with so many replicas. */
  outcome(replicas: number, width = 0): ScalingOutcome {
    const use = this.use(replicas);
    const requests = this.rate * SECONDS;
    const joules = requests * this.joulesPerRequest + replicas * this.wattsPerReplica * SECONDS;
    const p99 = use >= 0.97 ? 2000 : 20 / (1 - use);
    return {
      joules: joules * this.#noise(width),
      gramsCo2e: undefined,
      requests,
      p99Milliseconds: p99 * this.#noise(width),
      errorRatio: 0,
      cpuRatio: undefined,
      memoryRatio: undefined,
      heldCores: replicas,
    };
  }

  /** The true reward of so many replicas against a reference of others. */
  reward(replicas: number, reference: number): number {
    let baselines = {};
    for (let k = 0; k < 5; k += 1) {
      baselines = extendReference(baselines, this.outcome(reference));
    }
    const judged = judgeScaling(
      this.outcome(replicas),
      baselines,
      rewardSettings(this.spec.reward),
      {
        steps: 0,
        cost: 0,
      },
    );
    if (judged.kind === 'censored') throw new Error(judged.reason);
    return judged.reward;
  }

  /** The number of replicas that is best for ever. */
  optimum(reference: number): number {
    const { minReplicas, maxReplicas } = this.spec.scaling;
    let best = minReplicas;
    for (let n = minReplicas; n <= maxReplicas; n += 1) {
      if (this.reward(n, reference) > this.reward(best, reference)) best = n;
    }
    return best;
  }

  #noise(width: number): number {
    return 1 + (this.#random.next() * 2 - 1) * width;
  }
}
