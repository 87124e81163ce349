// SPDX-License-Identifier: Apache-2.0
import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

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

/** Stands first in what is signed, so that no other use of the key can be taken for this one. */
const CONTEXT = 'perihelion.dev/decision/v1';

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

/** Whether `signature` (base64url) is that of the fields and the subject under one of the keys. */
export function verify(
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

/** Whether a key is none: whatever is signed with it, everybody can sign. */
export function isEmpty(key: SigningKey): boolean {
  if (typeof key === 'string' || key instanceof Uint8Array) return key.length === 0;
  return key.symmetricKeySize === 0;
}

/** HMAC-SHA256 over a JSON array of strings: no two different inputs share one text. */
export function sign(values: readonly string[], subject: DecisionSubject, key: SigningKey): Buffer {
  const bound =
    subject.ownerUid === undefined ? ['pod', subject.podName ?? ''] : ['owner', subject.ownerUid];
  const text = JSON.stringify([CONTEXT, subject.namespace, ...bound, ...values]);
  return createHmac('sha256', key).update(text, 'utf8').digest();
}
