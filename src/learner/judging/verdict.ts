// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION, type Action } from '#agent/terms/action.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { PendingDecision } from '#learner/episodes/decisions.ts';
import {
  isMeasurable,
  leftBefore,
  type Episode,
  type EpisodePlan,
} from '#learner/episodes/episodes.ts';
import {
  podReadings,
  problemOf,
  type PodReadings,
  type WindowReadings,
} from '#learner/readings/outcome.ts';
import type { CensorReason } from './censor-reason.ts';

/** How an episode is settled: from its window, or without any measure and why. */
export type SettlePlan =
  | { readonly kind: 'measure'; readonly readings: WindowReadings }
  | Extract<EpisodePlan, { kind: 'discard' }>
  | { readonly kind: 'unavailable' };

/** What is known of one decision of an episode: readings that can be used, or why there are none. */
export interface Verdict {
  readonly decision: PendingDecision;
  /** What was really injected: in Shadow mode and for a holdout that is the default. */
  readonly asked: Action;
  readonly readings: PodReadings | undefined;
  /** Undefined when `readings` can be used. */
  readonly problem: CensorReason | undefined;
}

/**
 * What was injected for a decision. Holdouts and Shadow decisions leave the Pod to the default
 * scheduler, so they are samples of it, whatever they would have chosen. The decision itself says
 * so: the mode of the policy may have changed since.
 */
export function askedOf(decision: PendingDecision): Action {
  const { action, holdout, shadow } = decision.decision;
  return holdout || shadow === true ? DEFAULT_ACTION : action;
}

/** Judges every decision of an episode, in its order. */
export function verdictsOf(
  episode: Episode,
  plan: SettlePlan,
  spec: PolicySpec,
  patienceSeconds: number,
): Verdict[] {
  return episode.decisions.map((decision) => {
    const asked = askedOf(decision);
    const without = (problem: CensorReason): Verdict => {
      return { decision, asked, readings: undefined, problem };
    };
    const unfit = unfitness(decision, episode, patienceSeconds);
    if (plan.kind === 'discard') return without(unfit ?? plan.reason);
    if (unfit !== undefined) return without(unfit);
    if (plan.kind === 'unavailable') return without('telemetry-unavailable');
    if (leftBefore(decision, plan.readings.window)) return without('pod-gone');
    const readings = podReadings(decision, plan.readings);
    const problem = problemOf(readings, spec);
    if (problem !== undefined) return { decision, asked, readings, problem };
    // Left to the scheduler, a Pod is a sample of the default wherever it landed.
    const nowhere = decision.landed === undefined && asked !== DEFAULT_ACTION;
    return { decision, asked, readings, problem: nowhere ? 'landed-nowhere' : undefined };
  });
}

/** Why a Pod never served so that it could be measured. */
function unfitness(
  decision: PendingDecision,
  episode: Episode,
  patienceSeconds: number,
): CensorReason | undefined {
  if (decision.finished) return 'pod-finished';
  if (isMeasurable(decision, episode, patienceSeconds)) return undefined;
  return decision.leavingAt === undefined ? 'never-ready' : 'pod-gone';
}
