// SPDX-License-Identifier: Apache-2.0
import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { PerihelionError } from '#errors';
import { PREFIX, type DecisionRecord } from './decision.ts';

/**
 * A secret that signs decisions: text or bytes, never empty. As a key object (`createSecretKey`),
 * made once, a signature costs a fraction of what it does from bytes.
 */
export type SigningKey = string | Uint8Array | KeyObject;

/**
 * What a decision belongs to. At CREATE a Pod has no UID and often no name; what it has already,
 * and keeps, is its namespace and its controller, or for a bare Pod its `generateName` or `name`.
 */
export interface DecisionSubject {
  readonly namespace: string;
  /** `uid` of the controller reference; undefined for a bare Pod. */
  readonly ownerUid: string | undefined;
  /** `generateName`, else `name`; only used for a bare Pod. */
  readonly podName: string | undefined;
}

/** What {@link readDecision} found on a Pod. */
export type DecisionReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'valid'; readonly record: DecisionRecord }
  | { readonly kind: 'forged'; readonly reason: string };

/** Fields that only some decisions have; each is signed behind the others where it is true. */
type Mark = 'shadow' | 'required';

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

/** Annotations of {@link Mark}s, in the order in which they are signed. */
export const MARK_ANNOTATIONS = {
  shadow: SHADOW_ANNOTATION,
  required: REQUIRED_ANNOTATION,
} as const satisfies Record<Mark, string>;

const MARKS: readonly Mark[] = ['shadow', 'required'];

/** Annotation that holds the HMAC-SHA256 of all others and the subject, base64url. */
export const SIGNATURE_ANNOTATION = `${PREFIX}/signature`;

/** Stands first in what is signed, so that no other use of the key can be taken for this one. */
const CONTEXT = 'perihelion.dev/decision/v1';
const FIELDS = Object.keys(DECISION_ANNOTATIONS) as (keyof typeof DECISION_ANNOTATIONS)[];

/**
 * The subject of a Pod, from the object under review as well as from a `SlimPod`: both give the
 * same answer, which is what lets the signature hold from CREATE on.
 */
export function subjectOf(pod: {
  readonly namespace: string;
  readonly owner?: { readonly uid: string } | undefined;
  readonly generateName?: string | undefined;
  readonly name?: string | undefined;
}): DecisionSubject {
  if (pod.owner !== undefined) {
    return { namespace: pod.namespace, ownerUid: pod.owner.uid, podName: undefined };
  }
  const podName =
    pod.generateName === undefined || pod.generateName === '' ? pod.name : pod.generateName;
  return { namespace: pod.namespace, ownerUid: undefined, podName };
}

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

function verify(
  values: readonly string[],
  subject: DecisionSubject,
  signature: string,
  keys: SigningKey | readonly SigningKey[],
): boolean {
  const given = Buffer.from(signature, 'base64url');
  // One text per signature: base64url ignores trailing bits and stray characters when decoding.
  if (given.length !== 32 || given.toString('base64url') !== signature) return false;
  const list = Array.isArray(keys) ? (keys as readonly SigningKey[]) : [keys as SigningKey];
  let matches = false;
  for (const key of list) {
    if (isEmpty(key)) continue;
    matches = timingSafeEqual(given, sign(values, subject, key)) || matches;
  }
  return matches;
}

function isEmpty(key: SigningKey): boolean {
  if (typeof key === 'string' || key instanceof Uint8Array) return key.length === 0;
  return key.symmetricKeySize === 0;
}

/** HMAC-SHA256 over a JSON array of strings: no two different inputs share one text. */
function sign(values: readonly string[], subject: DecisionSubject, key: SigningKey): Buffer {
  const bound =
    subject.ownerUid === undefined ? ['pod', subject.podName ?? ''] : ['owner', subject.ownerUid];
  const text = JSON.stringify([CONTEXT, subject.namespace, ...bound, ...values]);
  return createHmac('sha256', key).update(text, 'utf8').digest();
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
