// SPDX-License-Identifier: Apache-2.0
import type { ChoiceReason } from '#agent/choosing/choose.ts';
import type { AdmissionEntry, DecisionEntry, VersionsEntry } from '#audit/entry.ts';
import { stringAt, objectAt } from '#admission/review/json.ts';
import type { Decision } from '#admission/decision/decide.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import type { FailureReason, SkipReason } from '#admission/review/reasons.ts';
import type { AdmissionRequest } from '#admission/review/review.ts';

/** Infeasible targets written into one line; the rest is counted. */
const INFEASIBLE_LIMIT = 64;

/**
 * Longest text of the request that a line repeats, in characters: more than any name may have. What
 * is longer is cut, or the line would be too large and nothing at all would be logged.
 */
const TEXT_LIMIT = 512;

/** What came of one admission, and a stable word for why. */
export type Result = Effects &
  (
    | { readonly outcome: 'skipped'; readonly reason: SkipReason }
    | { readonly outcome: 'failed'; readonly reason: FailureReason }
    | { readonly outcome: 'injected' | 'dry-run'; readonly reason: ChoiceReason }
  );

interface Effects {
  readonly operations: readonly PatchOperation[];
  readonly decision: Decision | undefined;
}

/** The time and the versions of a line. */
export interface LineContext {
  readonly now: number;
  readonly durationSeconds: number;
  readonly versions: VersionsEntry;
}

/** The audit line of one admission. Names and numbers only; never the Pod's body. */
export function auditEntryOf(
  request: AdmissionRequest,
  result: Result,
  context: LineContext,
): AdmissionEntry {
  const name = request.name === '' ? metadataText(request, 'name') : request.name;
  return {
    kind: 'admission',
    time: new Date(context.now).toISOString(),
    requestUid: cut(request.uid),
    namespace: cut(request.namespace),
    name: name === undefined ? undefined : cut(name),
    generateName: metadataText(request, 'generateName'),
    workload: result.decision?.record.workload,
    outcome: result.outcome,
    reason: result.reason,
    dryRun: request.dryRun,
    patch: result.operations,
    decision: result.decision === undefined ? undefined : decisionEntryOf(result.decision),
    durationSeconds: context.durationSeconds,
    versions: context.versions,
  };
}

function decisionEntryOf(decision: Decision): DecisionEntry {
  const { record, choice, seed } = decision;
  const infeasible: DecisionEntry['infeasible'][number][] = [];
  for (const verdict of decision.verdicts) {
    if (!verdict.feasible) infeasible.push({ action: verdict.target, reason: verdict.reason });
  }
  return {
    id: record.id,
    tier: record.tier,
    state: record.state,
    action: record.action,
    propensity: record.propensity,
    holdout: record.holdout,
    acted: decision.draw.canaryRatio === undefined ? undefined : decision.acted,
    required: record.required,
    choice: choice.reason,
    epsilon: choice.epsilon,
    seed,
    draw: decision.draw,
    // As they were compared; the encoder copies the documented fields.
    candidates: choice.arms,
    infeasible: infeasible.slice(0, INFEASIBLE_LIMIT),
    infeasibleOmitted: Math.max(0, infeasible.length - INFEASIBLE_LIMIT),
    policy: record.policy,
    modelVersion: record.modelVersion,
  };
}

function metadataText(request: AdmissionRequest, field: string): string | undefined {
  const text = stringAt(objectAt(request.object, 'metadata'), field);
  return text === undefined || text === '' ? undefined : cut(text);
}

function cut(text: string): string {
  return text.length <= TEXT_LIMIT ? text : `${text.slice(0, TEXT_LIMIT - 3)}...`;
}
