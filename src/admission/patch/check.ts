// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import jsonpatch, { type Operation } from 'fast-json-patch';
import { PerihelionError } from '#errors';
import { QUALIFIED_NAME_PATTERN, VALUE_PATTERN } from '#cluster/objects/label-syntax.ts';
import { PREFIX } from '#cluster/decision/decision.ts';
import { fieldOf, isObject, listAt, objectAt, type JsonObject } from '#admission/review/json.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import { PREFERRED, type Merge, type PreferredTerm } from './merge.ts';
import { checkRequirement, unsafe, without } from './check-requirement.ts';
import { REQUIRED, type TargetExpression } from './requirement.ts';

/** Bytes of a patched object that the API server still handles (its request limit). */
export const OBJECT_LIMIT_BYTES = 3 * 1024 * 1024;

/** Bytes of all annotations of an object together, keys and values. */
export const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/** The only paths that a patch of ours may touch. */
const OWN_PATHS = [
  /^\/metadata\/annotations$/,
  new RegExp(`^/metadata/annotations/${PREFIX.replaceAll('.', '\\.')}~1[a-z-]+$`),
  /^\/spec\/affinity$/,
  /^\/spec\/affinity\/nodeAffinity$/,
  new RegExp(`^/spec/affinity/nodeAffinity/${PREFERRED}(/-|/\\d+)?$`),
];

/** Further paths of a patch that changes a required rule. */
const REQUIRED_PATHS = [
  new RegExp(`^/spec/affinity/nodeAffinity/${REQUIRED}$`),
  new RegExp(
    `^/spec/affinity/nodeAffinity/${REQUIRED}/nodeSelectorTerms/\\d+/matchExpressions(/-|/\\d+)?$`,
  ),
];

/** What {@link checkPatch} looks at. */
export interface CheckInput {
  readonly pod: JsonObject;
  /** Bytes of the request body, an upper bound for the object in it. */
  readonly bodyBytes: number;
  readonly merge: Merge;
  readonly operations: readonly PatchOperation[];
}

/**
 * Applies the operations to a copy and proves that the result is the Pod as it was plus exactly
 * the merge. A patch that does not apply, or whose result does not validate, would refuse the Pod
 * even under `failurePolicy: Ignore`, so nothing is sent unseen. Only annotations and affinity are
 * copied: the paths are checked first, so the operations cannot reach anything else.
 * @returns the text of the operations that was proved, to be sent as it is
 * @throws PerihelionError `PERI_PATCH_UNSAFE`, one line that says what did not hold.
 */
export function checkPatch(input: CheckInput): string {
  const { requirement, term } = input.merge;
  const paths = requirement === undefined ? OWN_PATHS : [...OWN_PATHS, ...REQUIRED_PATHS];
  for (const { path } of input.operations) {
    if (!paths.some((own) => own.test(path))) throw unsafe(`path ${path} is not ours`);
  }
  const operations = JSON.stringify(input.operations);
  checkSize(input.bodyBytes, operations);
  if (term !== undefined) checkTerm(term);
  if (requirement?.expression !== undefined) checkExpression(requirement.expression);
  const before = touchedPart(input.pod);
  const after = applied(before, operations);
  checkAnnotations(before, after, input.merge.annotations);
  checkAffinity(before, after, input.merge);
  return operations;
}

/** The part of the Pod that {@link OWN_PATHS} can reach, with what is absent left absent. */
function touchedPart(pod: JsonObject): JsonObject {
  return {
    ...part(pod, 'metadata', 'annotations'),
    ...part(pod, 'spec', 'affinity'),
  };
}

function part(pod: JsonObject, parent: string, child: string): JsonObject {
  const object = objectAt(pod, parent);
  if (object === undefined) return {};
  const value = fieldOf(object, child);
  return { [parent]: value === undefined ? {} : { [child]: value } };
}

/**
 * The part after the operations, which come as the text that is sent: what is applied is a copy of
 * both, because applying inserts values by reference.
 */
function applied(before: JsonObject, operations: string): JsonObject {
  let after: unknown;
  try {
    const copy = copyOf(before);
    after = jsonpatch.applyPatch(copy, JSON.parse(operations) as Operation[], true).newDocument;
  } catch (error) {
    throw new PerihelionError('PERI_PATCH_UNSAFE', 'patch not sent: it does not apply', {
      cause: error,
    });
  }
  if (!isObject(after)) throw unsafe('the result is not an object');
  return after;
}

/** Deeper than any affinity; what comes after the copy walks it too, and the stack has an end. */
const DEPTH_LIMIT = 200;

/**
 * A deep copy of parsed JSON. Most of what is copied is one flat map of annotations: a spread takes
 * a tenth of the time of writing it out as JSON and reading it again.
 * @throws RangeError where it is nested deeper than {@link DEPTH_LIMIT}
 */
function copyOf(value: unknown, levels = DEPTH_LIMIT): unknown {
  // What JSON cannot say as it was read (beyond all doubles, negative zero) becomes something else,
  // so that the comparison fails: nobody knows what the API server makes of it.
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) throw new RangeError('nested too deeply');
  if (Array.isArray(value)) return value.map((inner) => copyOf(inner, levels - 1));
  // Spread keeps an own `__proto__` as data, and what is an own property is then set as one.
  const copy: Record<string, unknown> = { ...value };
  for (const key of Object.keys(copy)) {
    if (typeof copy[key] !== 'string') copy[key] = copyOf(copy[key], levels - 1);
  }
  return copy;
}

function checkSize(bodyBytes: number, operations: string): void {
  if (bodyBytes + Buffer.byteLength(operations, 'utf8') >= OBJECT_LIMIT_BYTES) {
    throw unsafe('the patched object may be larger than the API server accepts');
  }
}

/** The API server's validation of a preferred term, for the one shape that we write. */
function checkTerm(term: PreferredTerm): void {
  const { weight } = term;
  if (!Number.isInteger(weight) || weight < 1 || weight > 100) {
    throw unsafe(`weight ${weight} is not an integer of 1..100`);
  }
  checkExpression(term.preference.matchExpressions[0]);
}

function checkExpression({ key, values }: TargetExpression): void {
  const [prefix, name] = key.includes('/') ? key.split('/') : ['', key];
  const fits = (prefix ?? '').length <= 253 && (name ?? '').length <= 63;
  if (!fits || !QUALIFIED_NAME_PATTERN.test(key)) throw unsafe('the key is no label key');
  if (values[0].length > 63 || !VALUE_PATTERN.test(values[0])) {
    throw unsafe('the target is no label value');
  }
}

function checkAnnotations(
  before: JsonObject,
  after: JsonObject,
  ours: Readonly<Record<string, string>>,
): void {
  const old = objectAt(objectAt(before, 'metadata'), 'annotations') ?? {};
  const result = objectAt(objectAt(after, 'metadata'), 'annotations') ?? {};
  const keys = Object.keys(result);
  const added = Object.keys(ours).filter((key) => !Object.hasOwn(old, key));
  // As many as there must be and each of them one that must be there: none is missing either.
  if (keys.length !== Object.keys(old).length + added.length) throw unsafe('annotations differ');
  let bytes = 0;
  for (const key of keys) {
    const value = result[key];
    const source = Object.hasOwn(ours, key) ? ours : old;
    const same = Object.hasOwn(source, key) && isSame(value, source[key]);
    if (!same) throw unsafe('annotations differ');
    // What is no string counts nothing: it may be too deep to be written as one.
    const text = typeof value === 'string' ? value : '';
    bytes += Buffer.byteLength(key, 'utf8') + Buffer.byteLength(text, 'utf8');
  }
  if (bytes > ANNOTATIONS_LIMIT_BYTES) throw unsafe('annotations are too large');
}

/** Annotations are strings where the Pod is valid; anything else is compared in depth. */
function isSame(value: unknown, expected: unknown): boolean {
  return value === expected || isDeepStrictEqual(value, expected);
}

function checkAffinity(before: JsonObject, after: JsonObject, merge: Merge): void {
  const old = affinityOf(before);
  const result = affinityOf(after);
  if (!isSameBut(result, old, 'nodeAffinity')) {
    throw unsafe('pod affinity or anti-affinity differs');
  }
  const oldNode = objectAt(old, 'nodeAffinity');
  const node = objectAt(result, 'nodeAffinity');
  const { requirement } = merge;
  const ours = requirement === undefined ? [PREFERRED] : [PREFERRED, REQUIRED];
  if (!isSameBut(node, oldNode, ...ours)) {
    throw unsafe('required node affinity differs');
  }
  if (requirement !== undefined) checkRequirement(oldNode, node, requirement);
  const kept = listAt(oldNode, PREFERRED).filter((_, index) => index !== merge.removeAt);
  const expected = merge.term === undefined ? kept : [...kept, merge.term];
  if (!isDeepStrictEqual(listAt(node, PREFERRED), expected)) throw unsafe('preferred terms differ');
}

/** Whether two objects are the same but for some fields; what is missing is an empty one. */
function isSameBut(
  one: JsonObject | undefined,
  other: JsonObject | undefined,
  ...names: readonly string[]
): boolean {
  // Most Pods have nothing else there, and nothing needs no comparison in depth.
  if (isEmptyBut(one, names) && isEmptyBut(other, names)) return true;
  return isDeepStrictEqual(without(one, ...names), without(other, ...names));
}

function isEmptyBut(object: JsonObject | undefined, names: readonly string[]): boolean {
  return object === undefined || Object.keys(object).every((name) => names.includes(name));
}

function affinityOf(pod: JsonObject): JsonObject | undefined {
  return objectAt(objectAt(pod, 'spec'), 'affinity');
}
