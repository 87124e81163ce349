// SPDX-License-Identifier: Apache-2.0
import type { AdmissionEntry } from '#audit/entry.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import { claimedText } from '#dashboard/api/claimed-text.ts';

/** What is said of a decision, and whether it may be believed. */
export type Claim = Omit<DecisionRecord, 'id' | 'decidedAt' | 'shadow'> & {
  readonly shadow: boolean;
  /** False = annotations without a valid signature say so: only to be shown. */
  readonly signed: boolean;
};

/** From the annotations of a Pod whose signature is valid. */
export function claimOfRecord(record: DecisionRecord): Claim {
  return { ...record, shadow: record.shadow === true, signed: true };
}

/** From an audit line that this process has written; undefined = no decision was taken. */
export function claimOfEntry({ decision, workload, reason }: AdmissionEntry): Claim | undefined {
  if (decision === undefined) return undefined;
  const { tier, state, action, propensity, holdout, policy, modelVersion } = decision;
  const shadow = reason === 'shadow';
  const from = { tier, state, action, propensity, holdout, policy, modelVersion };
  return { ...from, workload: workload ?? '', shadow, signed: true };
}

/** From annotations that nobody of ours has signed, or that were altered; numbers may be NaN. */
export function claimOfStranger(annotations: Readonly<Record<string, string>>): Claim {
  const text = (field: keyof typeof DECISION_ANNOTATIONS): string =>
    claimedText(annotations[DECISION_ANNOTATIONS[field]] ?? '');
  // What is not told is no 0.
  const number = (field: keyof typeof DECISION_ANNOTATIONS): number =>
    text(field) === '' ? Number.NaN : Number(text(field));
  return {
    workload: text('workload'),
    tier: text('tier'),
    state: text('state'),
    action: text('action'),
    propensity: number('propensity'),
    holdout: text('holdout') === 'true',
    policy: text('policy'),
    modelVersion: number('modelVersion'),
    shadow: false,
    signed: false,
  };
}
