// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import {
  DECISION_ANNOTATIONS,
  MARK_ANNOTATIONS,
  MARKS,
  SIGNATURE_ANNOTATION,
  type Mark,
} from './annotations.ts';
import type { DecisionRecord } from './decision.ts';
import { isEmpty, sign, verify, type DecisionSubject, type SigningKey } from './signature.ts';

/** What {@link readDecision} found on a Pod. */
export type DecisionReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'valid'; readonly record: DecisionRecord }
  | { readonly kind: 'forged'; readonly reason: string };

const FIELDS = Object.keys(DECISION_ANNOTATIONS) as (keyof typeof DECISION_ANNOTATIONS)[];

/**
 * The annotations that carry `record` on a Pod, signed with `key`. Numbers are written so that
 * reading gives the same double.
 * @throws PerihelionError `PERI_DECISION_MALFORMED` when a number is out of its range or the key
 *   is empty: such a record must not leave the process.
 */
export function annotationsOf(
  record: DecisionRecord,
  subject: DecisionSubject,
  key: SigningKey,
): Record<string, string> {
  if (isEmpty(key)) throw malformed('the signing key is empty');
  const problem = problemOf(record);
  if (problem !== undefined) throw malformed(problem);
  const values = FIELDS.map((field) => String(record[field]));
  const annotations: Record<string, string> = {};
  FIELDS.forEach((field, index) => {
    annotations[DECISION_ANNOTATIONS[field]] = values[index] ?? '';
  });
  // Without a mark nothing is signed for it: decisions of before there were any stay valid.
  const marks = MARKS.filter((mark) => record[mark] === true);
  for (const mark of marks) annotations[MARK_ANNOTATIONS[mark]] = 'true';
  const signed = [...values, ...marks];
  annotations[SIGNATURE_ANNOTATION] = sign(signed, subject, key).toString('base64url');
  return annotations;
}

/**
 * Reads the decision from a Pod's annotations. `absent` when there is neither an id nor a
 * signature; `forged` when any field is missing, was altered, was copied from another subject, or
 * was signed by a key that is not in `keys` (the present one first, then the former ones).
 */
export function readDecision(
  annotations: Readonly<Record<string, string>>,
  subject: DecisionSubject,
  keys: SigningKey | readonly SigningKey[],
): DecisionReading {
  const signature = own(annotations, SIGNATURE_ANNOTATION);
  if (signature === undefined && own(annotations, DECISION_ANNOTATIONS.id) === undefined) {
    return { kind: 'absent' };
  }
  if (signature === undefined) return forged('the signature is missing');
  const values: string[] = [];
  for (const field of FIELDS) {
    const value = own(annotations, DECISION_ANNOTATIONS[field]);
    if (value === undefined) return forged(`${DECISION_ANNOTATIONS[field]} is missing`);
    values.push(value);
  }
  const marks: Mark[] = [];
  for (const mark of MARKS) {
    const value = own(annotations, MARK_ANNOTATIONS[mark]) ?? 'false';
    if (!['true', 'false'].includes(value)) {
      return forged(`${MARK_ANNOTATIONS[mark]} is true or false`);
    }
    if (value === 'true') marks.push(mark);
  }
  if (!verify([...values, ...marks], subject, signature, keys)) {
    return forged('the signature does not match the fields, the owner and the key');
  }
  const record = parse(values);
  if (typeof record === 'string') return forged(record);
  const marked = Object.fromEntries(marks.map((mark) => [mark, true as const]));
  return { kind: 'valid', record: { ...record, ...marked } };
}

/** The record, or what is wrong with it. */
function parse(values: readonly string[]): DecisionRecord | string {
  const raw = Object.fromEntries(FIELDS.map((field, index) => [field, values[index] ?? '']));
  const text = raw as Record<(typeof FIELDS)[number], string>;
  if (text.holdout !== 'true' && text.holdout !== 'false') {
    return `${DECISION_ANNOTATIONS.holdout} must be true or false`;
  }
  const record: DecisionRecord = {
    id: text.id,
    decidedAt: number(text.decidedAt),
    workload: text.workload,
    tier: text.tier,
    state: text.state,
    action: text.action,
    propensity: number(text.propensity),
    holdout: text.holdout === 'true',
    policy: text.policy,
    modelVersion: number(text.modelVersion),
  };
  return problemOf(record) ?? record;
}

/** A number that {@link annotationsOf} could have written, else NaN. */
function number(text: string): number {
  const value = Number(text);
  return String(value) === text ? value : Number.NaN;
}

function problemOf(record: DecisionRecord): string | undefined {
  if (record.id === '') return `${DECISION_ANNOTATIONS.id} must not be empty`;
  if (!Number.isFinite(record.decidedAt) || record.decidedAt < 0) {
    return `${DECISION_ANNOTATIONS.decidedAt} must be a time in milliseconds`;
  }
  if (!(record.propensity > 0 && record.propensity <= 1)) {
    return `${DECISION_ANNOTATIONS.propensity} must be greater than 0 and at most 1`;
  }
  if (!Number.isSafeInteger(record.modelVersion) || record.modelVersion < 0) {
    return `${DECISION_ANNOTATIONS.modelVersion} must be an integer of at least 0`;
  }
  return undefined;
}

/** An own property: annotations come from outside and `__proto__` is a legal key of theirs. */
function own(annotations: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(annotations, name) ? annotations[name] : undefined;
}

function forged(reason: string): DecisionReading {
  return { kind: 'forged', reason };
}

function malformed(reason: string): PerihelionError {
  return new PerihelionError('PERI_DECISION_MALFORMED', `decision record: ${reason}`);
}
