// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { holdoutSharesOf } from '#cluster/policy/holdout.ts';
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import { baselineMean, type Baselines } from '#reward/baseline.ts';
import { rawCosts, type RawCosts } from '#reward/costs.ts';
import { rewardSettings } from '#reward/settings.ts';
import { addSavingsSample } from '#reward/savings.ts';
import { addShadowSample } from '#reward/shadow.ts';
import { isKnown } from '#reward/unknown.ts';
import { outcomeOf } from '#learner/judging/appraisal.ts';
import { nextCircuit, type CircuitEvent } from '#learner/enforcement/circuit.ts';
import { POOLED, type EpisodeJudgement, type Judgement } from '#learner/judging/judge.ts';
import type { CensorReason } from '#learner/judging/censor-reason.ts';

/** What the evidence of a rollout is taken from, beside the decisions that are settled now. */
export interface EvidenceContext {
  readonly policy: PlacementPolicy;
  readonly judged: EpisodeJudgement;
  /** Number of targets of the policy. */
  readonly targets: number;
  readonly now: number;
}

/**
 * Circuit breaker, savings and Shadow decisions of a workload after one rollout: the parts of its
 * shard that people and the breaker read, not the agent.
 */
export function nextEvidence(
  shard: ModelShard,
  members: readonly Judgement[],
  context: EvidenceContext,
): Pick<ModelShard, 'circuit' | 'savings' | 'shadow'> {
  const { policy, now } = context;
  const events = members.flatMap(circuitEventOf);
  const circuit = nextCircuit(shard.circuit, events, policy.spec.circuitBreaker, now);
  const baselines = baselinesOf(shard, context);
  let { savings, shadow } = shard;
  for (const member of members) {
    const costs = costsOf(member, baselines, policy.spec);
    if (costs === undefined) continue;
    if (isDrawn(member, policy)) {
      savings = addSavingsSample(savings, {
        holdout: member.decision.decision.holdout,
        holdoutRatio: holdoutRatioOf(member, policy),
        requests: costs.requests,
        joulesPerRequest: { value: costs.raw.joulesPerRequest, expected: costs.joulesPerRequest },
        p99Milliseconds: { value: costs.raw.p99Milliseconds, expected: costs.p99Milliseconds },
      });
    }
    const saved = sharesOf(costs);
    const { landed } = member.decision;
    if (member.decision.decision.shadow === true && saved !== undefined && landed !== undefined) {
      const wanted = member.decision.decision.action;
      shadow = addShadowSample(shadow, { wanted, landed, targets: context.targets, ...saved });
    }
  }
  return {
    // One of a breaker that was disabled since is taken away.
    ...(circuit === undefined && shard.circuit === undefined ? {} : { circuit }),
    ...(savings === undefined ? {} : { savings }),
    ...(shadow === undefined ? {} : { shadow }),
  };
}

/** Reasons that say that the workload's telemetry is not there or no use. */
const LOST: ReadonlySet<CensorReason> = new Set<CensorReason>([
  'telemetry-unavailable',
  'absent',
  'stale',
  'not-a-number',
  'fake',
  'absurd',
  'too-few-samples',
  'no-energy',
  'no-latency',
]);

/** What a decision says to the breaker; nothing if its Pod was not sent anywhere. */
function circuitEventOf(one: Judgement): CircuitEvent[] {
  if (one.asked === DEFAULT_ACTION) return [];
  const { decidedAt } = one.decision.decision;
  if (one.problem !== undefined) {
    return [{ kind: LOST.has(one.problem) ? 'unmeasured' : 'void', decidedAt }];
  }
  const breached = one.rewarded?.sloBreached ?? false;
  return [{ kind: 'measured', decidedAt, breached, advantage: one.advantage }];
}

/**
 * A policy that is created under the name of one that was deleted begins with generation 1, too, so
 * the time tells their decisions apart: every replica has the new one by then, and clocks agree so far.
 */
const NEW_POLICY_MILLISECONDS = 10_000;

/**
 * Whether a draw decided between the agent and the holdout, with the share that the policy has
 * now. A default of chance 1 (burn-in, open circuit, nothing else feasible) was drawn by nobody,
 * and neither was a decision of another generation or of a policy that was deleted, whose share may
 * have been another.
 */
function isDrawn({ decision: { decision } }: Judgement, policy: PlacementPolicy): boolean {
  const { holdoutPercent } = policy.spec;
  if (decision.shadow === true || holdoutPercent <= 0 || holdoutPercent >= 100) return false;
  if (decision.policy !== `${policy.name}@${policy.generation}`) return false;
  if (decision.decidedAt < (policy.createdAt ?? -Infinity) + NEW_POLICY_MILLISECONDS) return false;
  return decision.action !== DEFAULT_ACTION || decision.propensity < 1 - 1e-9;
}

/** The chance of the draw; a decision says itself when the lower share was in force. */
function holdoutRatioOf({ decision: { decision } }: Judgement, { spec }: PlacementPolicy): number {
  const { full, resting } = holdoutSharesOf(spec);
  return decision.rested === true ? resting : full;
}

interface Costs {
  readonly raw: RawCosts;
  /** Requests that succeeded. */
  readonly requests: number | undefined;
  /** What the baseline expected; undefined = it is not there yet. */
  readonly joulesPerRequest: number | undefined;
  readonly p99Milliseconds: number | undefined;
}

/**
 * Costs of a Pod whose readings can be used. Where it landed does not matter here: leaving out
 * Pods that landed nowhere would leave them out of one arm only.
 */
function costsOf(one: Judgement, baselines: Expected, spec: PolicySpec): Costs | undefined {
  const usable = one.problem === undefined || USABLE.has(one.problem);
  if (one.readings === undefined || !usable) return undefined;
  const outcome = outcomeOf(one.readings, spec);
  const { requests, errorRatio } = outcome;
  // Joules are per request that succeeded, and so are the requests they are multiplied by.
  const succeeded =
    requests === undefined || errorRatio === undefined ? undefined : requests * (1 - errorRatio);
  return { raw: rawCosts(outcome), requests: succeeded, ...baselines };
}

const USABLE: ReadonlySet<CensorReason> = new Set<CensorReason>(['landed-nowhere', 'no-baseline']);

/** Share of the baseline's energy and latency that a Pod saved; undefined = one is unknown. */
function sharesOf(costs: Costs): { energy: number; latency: number } | undefined {
  const energy = shareOf(costs.raw.joulesPerRequest, costs.joulesPerRequest);
  const latency = shareOf(costs.raw.p99Milliseconds, costs.p99Milliseconds);
  return energy === undefined || latency === undefined ? undefined : { energy, latency };
}

function shareOf(value: number | undefined, expected: number | undefined): number | undefined {
  // Where no request succeeded the energy of one has no bound, and no model could hold the share.
  if (!isKnown(value) || expected === undefined || expected <= 0) return undefined;
  return 1 - value / expected;
}

type Expected = Pick<Costs, 'joulesPerRequest' | 'p99Milliseconds'>;

/**
 * What the default scheduler cost before this window: of the bucket, else of all buckets. Only
 * what was known before may be subtracted, or a Pod would be compared with itself.
 */
function baselinesOf(shard: ModelShard, { judged, policy }: EvidenceContext): Expected {
  const least = rewardSettings(policy.spec.reward).minimumBaselineWeight;
  const inWindow = judged.workloads.get(shard.workload);
  const bucket = own(inWindow?.before, inWindow?.bucket);
  const pooled = own(inWindow?.before, POOLED);
  const expected = (cost: string): number | undefined =>
    baselineMean(bucket, cost, least) ?? baselineMean(pooled, cost, least);
  return {
    joulesPerRequest: expected('joulesPerRequest'),
    p99Milliseconds: expected('p99Milliseconds'),
  };
}

function own(
  baselines: ModelShard['baselines'] | undefined,
  bucket: string | undefined,
): Baselines | undefined {
  if (baselines === undefined || bucket === undefined) return undefined;
  return Object.hasOwn(baselines, bucket) ? baselines[bucket] : undefined;
}
