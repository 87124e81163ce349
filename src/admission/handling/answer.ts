// SPDX-License-Identifier: Apache-2.0
import type { Decision } from '#admission/decision/decide.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import type { SkipReason } from '#admission/review/reasons.ts';
import {
  patched,
  skipped,
  type AdmissionRequest,
  type AdmissionReview,
} from '#admission/review/review.ts';
import type { Result } from './audit-entry.ts';

/** A result and the answer that goes with it. */
export interface Answer {
  readonly result: Result;
  readonly review: AdmissionReview;
  /** What the answer leaves behind once its audit line is written; undefined = no trace. */
  readonly commit?: (() => void) | undefined;
}

/** Operations, and their text as it was checked. */
export interface Patch {
  readonly operations: readonly PatchOperation[];
  readonly text: string;
}

/** The Pod as it came. */
export function leftAlone(request: AdmissionRequest, reason: SkipReason): Answer {
  return {
    result: { outcome: 'skipped', reason, operations: [], decision: undefined },
    review: skipped(request.uid, reason),
  };
}

/** Annotated and otherwise left alone. */
export function shadowed(
  request: AdmissionRequest,
  decision: Decision,
  { operations, text }: Patch,
): Answer {
  const reason: SkipReason = decision.acted ? 'shadow' : 'outside-canary';
  return {
    result: { outcome: 'skipped', reason, operations, decision },
    review: patched(
      request.uid,
      operations,
      { auditAnnotations: { outcome: 'skipped', reason, ...remarksOf(decision) } },
      text,
    ),
  };
}

/** With its decision, and with the term where there is a target. */
export function injected(
  request: AdmissionRequest,
  decision: Decision,
  { operations, text }: Patch,
): Answer {
  const { choice } = decision;
  const outcome = request.dryRun ? 'dry-run' : 'injected';
  return {
    result: { outcome, reason: choice.reason, operations, decision },
    review: patched(
      request.uid,
      operations,
      { auditAnnotations: { outcome, reason: choice.reason, ...remarksOf(decision) } },
      text,
    ),
  };
}

function remarksOf({ record }: Decision): Record<string, string> {
  return {
    'decision-id': record.id,
    workload: record.workload,
    state: record.state,
    action: record.action,
  };
}
