// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { cellOf, estimateOf, rowOf } from '#agent/learning/estimate.ts';
import { hyperparametersOf } from '#agent/terms/hyperparameters.ts';
import type { DecisionEntry } from '#audit/entry.ts';
import type { ClaimedDecision } from './claimed.ts';
import type { Gathered } from './gather.ts';

/** One action of a decision: what is believed of it, and what spoke against it. */
export interface ActionRow {
  readonly action: string;
  /** What the model believes now, advantage over the default scheduler; undefined = no state. */
  readonly value: number | undefined;
  /** Samples behind it, those of the tier included; 0 = a guess. */
  readonly samples: number | undefined;
  /** What was compared when the Pod was created; undefined = infeasible, or no audit line. */
  readonly valueThen: number | undefined;
  readonly samplesThen: number | undefined;
  /** Health of the target's telemetry as last observed; undefined = not observed, or no target. */
  readonly telemetry: string | undefined;
  /** Why it could not be chosen; undefined = it could, or no audit line says. */
  readonly infeasible: string | undefined;
  readonly chosen: boolean;
}

/** What rows are made of; a Pod that is gone has them too. */
export type RowSources = Pick<Gathered, 'shard' | 'prior' | 'policy' | 'observation'>;

/** What of a decision they are made of. */
export type RowDecision = Pick<ClaimedDecision, 'state' | 'action'>;

/**
 * The actions that are known of: those compared, those that were infeasible, those with values in
 * the decision's state, and the targets observed. The default stands first, then the best.
 */
export function actionRows(
  gathered: RowSources,
  decision: RowDecision | undefined,
  logged: DecisionEntry | undefined,
): ActionRow[] {
  const state = decision?.state ?? logged?.state;
  const targets = gathered.observation?.targets ?? {};
  const names = namesOf(gathered, decision, logged, state);
  return [...names]
    .map((action): ActionRow => {
      const now = state === undefined ? undefined : believed(gathered, state, action);
      const then = logged?.candidates.find((one) => one.action === action);
      const no = logged?.infeasible.find((one) => one.action === action);
      return {
        action,
        ...(now ?? UNKNOWN),
        valueThen: then?.value,
        samplesThen: then?.weight,
        telemetry: Object.hasOwn(targets, action) ? targets[action]?.health : undefined,
        infeasible: no?.reason,
        chosen: decision?.action === action,
      };
    })
    .sort(byWorth);
}

type Belief = Pick<ActionRow, 'value' | 'samples'>;

const UNKNOWN: Belief = { value: undefined, samples: undefined };

function believed({ shard, prior, policy }: RowSources, state: string, action: string): Belief {
  const own = cellOf(shard?.cells, state, action);
  const tier = cellOf(prior?.cells, state, action);
  const { value, weight } = estimateOf(own, tier, action, hyperparametersOf(policy.spec.learning));
  return { value, samples: weight };
}

function namesOf(
  { shard, observation, policy }: RowSources,
  decision: RowDecision | undefined,
  logged: DecisionEntry | undefined,
  state: string | undefined,
): Set<string> {
  const row = state === undefined ? undefined : rowOf(shard?.cells, state);
  const { targets } = policy.spec;
  const names = new Set([
    DEFAULT_ACTION,
    ...(logged === undefined ? [] : [...logged.candidates, ...logged.infeasible]).map(
      ({ action }) => action,
    ),
    ...Object.keys(row ?? {}),
    ...(targets.length > 0 ? targets : Object.keys(observation?.targets ?? {})),
    decision?.action ?? DEFAULT_ACTION,
  ]);
  // A forged decision may claim nothing at all.
  names.delete('');
  return names;
}

function byWorth(a: ActionRow, b: ActionRow): number {
  const first = Number(b.action === DEFAULT_ACTION) - Number(a.action === DEFAULT_ACTION);
  if (first !== 0) return first;
  const worth = (b.value ?? -Infinity) - (a.value ?? -Infinity);
  if (worth !== 0 && !Number.isNaN(worth)) return worth;
  return a.action < b.action ? -1 : 1;
}
