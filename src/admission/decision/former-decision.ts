// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { DECISION_ANNOTATIONS } from '#cluster/decision/annotations.ts';
import { readDecision } from '#cluster/decision/codec.ts';
import { subjectOf, type SigningKey } from '#cluster/decision/signature.ts';
import type { DecisionRecord } from '#cluster/decision/decision.ts';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import { hasOwnTerm, type TargetLabel } from '#admission/patch/merge.ts';
import { hasOwnRequirement } from '#admission/patch/requirement.ts';
import type { RecentIds } from '#admission/remembered/recent-ids.ts';
import type { ReplacedReason } from '#admission/review/reasons.ts';

/**
 * A decision that came with the Pod counts for so long: longer than any request takes with all its
 * webhooks (60 s), shorter than a backup is restored.
 */
export const YOUNG_MILLISECONDS = 60_000;

/** Clocks of two replicas may differ by so much. */
const SKEW_MILLISECONDS = 10_000;

/** What the Pod under review brings with it. */
export type FormerDecision =
  | { readonly kind: 'absent' }
  /** Ours, young and complete: this is a second pass over the same Pod. */
  | { readonly kind: 'standing'; readonly record: DecisionRecord }
  | {
      readonly kind: 'replaced';
      readonly reason: ReplacedReason;
      /** Target that the old term would prefer; undefined if it claims none. */
      readonly target: TargetLabel | undefined;
      /** It required the target, and a signature of ours says so. */
      readonly required: boolean;
    };

/** What {@link formerDecision} judges by. */
export interface FormerDecisionInput {
  readonly pod: IncomingPod;
  readonly topologyKey: string;
  readonly keys: SigningKey | readonly SigningKey[];
  /** Decisions whose Pod exists already. */
  readonly taken: RecentIds;
  readonly now: number;
}

/**
 * Judges the annotations that a Pod comes with. They survive in backups, templates and copies, so
 * a decision stands only if the signature holds for this owner, it is young, no other Pod has it
 * and its term is there.
 */
export function formerDecision(input: FormerDecisionInput): FormerDecision {
  const { pod, topologyKey, now } = input;
  const reading = readDecision(pod.annotations, subjectOf(pod), input.keys);
  if (reading.kind === 'absent') return { kind: 'absent' };
  if (reading.kind === 'forged') {
    const claimed = pod.annotations[DECISION_ANNOTATIONS.action];
    // Nobody signed that the target was required: what is required stays, as the user's rule.
    const target = targetOf(claimed, topologyKey);
    return { kind: 'replaced', reason: 'forged', target, required: false };
  }
  const { record } = reading;
  // A Shadow decision never had a term.
  const target = record.shadow === true ? undefined : targetOf(record.action, topologyKey);
  const required = record.required === true;
  const age = now - record.decidedAt;
  if (age > YOUNG_MILLISECONDS || age < -SKEW_MILLISECONDS) {
    return { kind: 'replaced', reason: 'stale', target, required };
  }
  if (input.taken.has(record.id, now))
    return { kind: 'replaced', reason: 'copied', target, required };
  const isThere = required ? hasOwnRequirement : hasOwnTerm;
  if (target !== undefined && !isThere(pod.raw, target)) {
    return { kind: 'replaced', reason: 'incomplete', target, required };
  }
  return { kind: 'standing', record };
}

function targetOf(action: string | undefined, topologyKey: string): TargetLabel | undefined {
  if (action === undefined || action === '' || action === DEFAULT_ACTION) return undefined;
  return { topologyKey, value: action };
}
