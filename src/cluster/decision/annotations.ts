// SPDX-License-Identifier: Apache-2.0
import { PREFIX, type DecisionRecord } from './decision.ts';

/** Fields that only some decisions have; each is signed behind the others where it is true. */
export type Mark = 'shadow' | 'required' | 'rested' | 'explored';

/** Names of the annotations that every decision has, one per field of a {@link DecisionRecord}. */
export const DECISION_ANNOTATIONS = {
  id: `${PREFIX}/decision-id`,
  decidedAt: `${PREFIX}/decided-at`,
  workload: `${PREFIX}/workload`,
  tier: `${PREFIX}/tier`,
  state: `${PREFIX}/state`,
  action: `${PREFIX}/action`,
  propensity: `${PREFIX}/propensity`,
  holdout: `${PREFIX}/holdout`,
  policy: `${PREFIX}/policy`,
  modelVersion: `${PREFIX}/model-version`,
} as const satisfies Record<Exclude<keyof DecisionRecord, Mark>, string>;

/** Annotation of a decision: `true` = nothing was injected; absent or `false` = it was. */
export const SHADOW_ANNOTATION = `${PREFIX}/shadow`;

/** Annotation of a decision: `true` = the target is required; absent or `false` = it is not. */
export const REQUIRED_ANNOTATION = `${PREFIX}/required`;

/** Annotation of a decision: `true` = few are held out, since the saving is known. */
export const RESTED_ANNOTATION = `${PREFIX}/holdout-rested`;

/** Annotation of a decision: `true` = it was taken to learn, and counts in the exploration budget. */
export const EXPLORED_ANNOTATION = `${PREFIX}/explored`;

/** Annotations of {@link Mark}s, in the order in which they are signed. */
export const MARK_ANNOTATIONS = {
  shadow: SHADOW_ANNOTATION,
  required: REQUIRED_ANNOTATION,
  rested: RESTED_ANNOTATION,
  explored: EXPLORED_ANNOTATION,
} as const satisfies Record<Mark, string>;

/** Every {@link Mark}, in that order. */
export const MARKS: readonly Mark[] = ['shadow', 'required', 'rested', 'explored'];

/** Annotation that holds the HMAC-SHA256 of all others and the subject, base64url. */
export const SIGNATURE_ANNOTATION = `${PREFIX}/signature`;
