// SPDX-License-Identifier: Apache-2.0
import { DECISION_ANNOTATIONS, MARK_ANNOTATIONS, MARKS } from '#cluster/decision/annotations.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';

type Field = keyof typeof DECISION_ANNOTATIONS;

/** A decision as annotations claim it; of one that cannot be trusted, numbers may be NaN. */
export type ClaimedDecision = Omit<DecisionRecord, 'workload'>;

/** What annotations say, whoever wrote them: only to be shown, never to be acted upon. */
export function claimedDecision(annotations: Readonly<Record<string, string>>): ClaimedDecision {
  const text = (field: Field): string => annotations[DECISION_ANNOTATIONS[field]] ?? '';
  const number = (field: Field): number => (text(field) === '' ? Number.NaN : Number(text(field)));
  return {
    id: text('id'),
    decidedAt: number('decidedAt'),
    tier: text('tier'),
    state: text('state'),
    action: text('action'),
    propensity: number('propensity'),
    holdout: text('holdout') === 'true',
    policy: text('policy'),
    modelVersion: number('modelVersion'),
    ...Object.fromEntries(
      MARKS.filter((mark) => annotations[MARK_ANNOTATIONS[mark]] === 'true').map((mark) => [
        mark,
        true as const,
      ]),
    ),
  };
}
