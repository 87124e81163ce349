// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { DecisionEntry } from '#audit/entry.ts';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import { compact, signed } from '#cli/audit/line.ts';
import type { ClaimedDecision } from './claimed.ts';

/** Why an action was taken: the product's word for it, where it is known, and a sentence. */
export interface Reason {
  readonly choice: string | undefined;
  readonly why: string;
}

/**
 * Why a decision was taken. The audit line knows; without it the Pod's own record tells apart
 * what its probability allows, and no more.
 */
export function reasonOf(
  decision: Pick<ClaimedDecision, 'holdout' | 'explored' | 'action' | 'propensity'>,
  spec: PolicySpec,
  logged: DecisionEntry | undefined,
): Reason {
  if (logged !== undefined) return { choice: logged.choice, why: loggedWhy(logged) };
  const { holdout, explored, action, propensity } = decision;
  if (holdout) return { choice: 'holdout', why: HOLDOUT };
  if (action === DEFAULT_ACTION && propensity === 1) {
    return {
      choice: undefined,
      why: 'only the default was possible: burn-in, an open circuit, or no target feasible',
    };
  }
  const chance = Number.isFinite(propensity)
    ? `drawn with probability ${compact(propensity)}`
    : 'drawn with a probability that the annotations do not tell';
  if (explored === true) return { choice: 'explore', why: `taken to learn, ${chance}` };
  // An exploring action has at most (1 - holdout) * epsilon / 2, with two actions or more.
  const greedy = spec.learning.algorithm === 'EpsilonGreedy' && propensity > 0.5;
  if (greedy) return { choice: 'greedy', why: `the best known action, ${chance}` };
  return {
    choice: undefined,
    why: `${chance}; --audit FILE tells why`,
  };
}

const HOLDOUT = 'left to the default scheduler on purpose, as what the agent is compared with';

function loggedWhy(logged: DecisionEntry): string {
  const { choice, propensity, epsilon, draw } = logged;
  const chance = `probability ${compact(propensity)}`;
  switch (choice) {
    case 'holdout':
      return `${HOLDOUT} (${chance})`;
    case 'only-default':
      return 'no target was feasible';
    case 'circuit-open':
      return "the workload's circuit breaker is open: left to the default scheduler for a while";
    case 'burn-in':
      return `too few decisions of the default scheduler are measured yet${burnInText(draw)}`;
    case 'explore':
      return `exploring, with epsilon ${compact(epsilon)} and ${chance}`;
    case 'greedy':
      return greedyWhy(logged);
    default:
      return `${choice}, ${chance}`;
  }
}

function greedyWhy({ candidates, action, propensity, draw }: DecisionEntry): string {
  const value = candidates.find((one) => one.action === action)?.value;
  const best = value === undefined ? '' : ` of value ${signed(value)}`;
  const budget = draw?.exploreAllowed === false ? ', the exploration budget was spent' : '';
  return `the best known action${best}, probability ${compact(propensity)}${budget}`;
}

function burnInText(draw: DecisionEntry['draw']): string {
  if (draw === undefined) return '';
  return `: ${draw.defaultSamples} of the ${draw.burnInDecisions} that are asked for`;
}
