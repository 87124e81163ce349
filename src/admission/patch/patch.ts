// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { fieldOf, isObject, type JsonObject } from '#admission/review/json.ts';
import type { PatchOperation } from '#admission/review/patch-operation.ts';
import { PREFERRED, type Merge } from './merge.ts';
import { REQUIRED, requiredTermsOf, type RequirementChange } from './requirement.ts';

const ANNOTATIONS_PATH = '/metadata/annotations';
const AFFINITY_PATH = '/spec/affinity';
const REQUIRED_PATH = `${AFFINITY_PATH}/nodeAffinity/${REQUIRED}`;

/** A key as one token of a JSON pointer (RFC 6901): `~` first, then `/`. */
export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * The operations that carry out a merge on this Pod; empty if there is nothing to do. Written by
 * hand: comparing two whole Pods costs a hundred times more and rewrites what it does not know.
 * @throws PerihelionError `PERI_PATCH_UNSAFE` where a parent is neither an object nor missing.
 */
export function operationsOf(pod: JsonObject, merge: Merge): PatchOperation[] {
  return [...affinityOperations(pod, merge), ...annotationOperations(pod, merge.annotations)];
}

function affinityOperations(pod: JsonObject, merge: Merge): PatchOperation[] {
  const operations: PatchOperation[] = [];
  if (merge.removeAt !== undefined) {
    const path = `${AFFINITY_PATH}/nodeAffinity/${PREFERRED}/${String(merge.removeAt)}`;
    operations.push({ op: 'remove', path });
  }
  if (merge.requirement !== undefined) {
    operations.push(...requirementOperations(pod, merge.requirement));
  }
  if (merge.term !== undefined) operations.push(appendTo(pod, PREFERRED, merge.term));
  return operations;
}

/** Removals first: what is added to a list goes to its end, wherever that is by then. */
function requirementOperations(pod: JsonObject, change: RequirementChange): PatchOperation[] {
  const { expression, create, removeRule, terms } = change;
  if (create && expression !== undefined) {
    const value = { nodeSelectorTerms: [{ matchExpressions: [expression] }] };
    const add = removeRule
      ? ({ op: 'add', path: REQUIRED_PATH, value } as const)
      : addRule(pod, value);
    return removeRule ? [{ op: 'remove', path: REQUIRED_PATH }, add] : [add];
  }
  if (removeRule) return [{ op: 'remove', path: REQUIRED_PATH }];
  const rules = requiredTermsOf(pod) ?? [];
  return terms.flatMap(({ term, removeAt, append }): PatchOperation[] => {
    const list = `${REQUIRED_PATH}/nodeSelectorTerms/${String(term)}/matchExpressions`;
    const operations: PatchOperation[] = [];
    if (removeAt !== undefined) operations.push({ op: 'remove', path: `${list}/${removeAt}` });
    if (append && expression !== undefined) {
      const rule = rules[term];
      const known = isObject(rule) ? fieldOf(rule, 'matchExpressions') : undefined;
      operations.push(addToList(known, list, expression));
    }
    return operations;
  });
}

/** One `add` at the shallowest parent that is missing; an explicit `null` counts as missing. */
function addRule(pod: JsonObject, value: unknown): PatchOperation {
  return addUnderNodeAffinity(pod, REQUIRED, value, () => ({
    op: 'add',
    path: REQUIRED_PATH,
    value,
  }));
}

/** The same for an item of a list under `nodeAffinity`. */
function appendTo(pod: JsonObject, name: string, item: unknown): PatchOperation {
  return addUnderNodeAffinity(pod, name, [item], (known) =>
    addToList(known, `${AFFINITY_PATH}/nodeAffinity/${name}`, item),
  );
}

function addToList(known: unknown, path: string, item: unknown): PatchOperation {
  if (known === undefined || known === null) return { op: 'add', path, value: [item] };
  if (!Array.isArray(known)) throw unsafe(path);
  return { op: 'add', path: `${path}/-`, value: item };
}

function addUnderNodeAffinity(
  pod: JsonObject,
  name: string,
  value: unknown,
  into: (known: unknown) => PatchOperation,
): PatchOperation {
  const spec = fieldOf(pod, 'spec');
  if (!isObject(spec)) throw unsafe('/spec');
  const affinity = parentAt(spec, 'affinity', AFFINITY_PATH);
  if (affinity === undefined) {
    return { op: 'add', path: AFFINITY_PATH, value: { nodeAffinity: { [name]: value } } };
  }
  const nodePath = `${AFFINITY_PATH}/nodeAffinity`;
  const nodeAffinity = parentAt(affinity, 'nodeAffinity', nodePath);
  if (nodeAffinity === undefined) {
    return { op: 'add', path: nodePath, value: { [name]: value } };
  }
  return into(fieldOf(nodeAffinity, name));
}

function annotationOperations(
  pod: JsonObject,
  annotations: Readonly<Record<string, string>>,
): PatchOperation[] {
  const entries = Object.entries(annotations);
  if (entries.length === 0) return [];
  const metadata = fieldOf(pod, 'metadata');
  if (!isObject(metadata)) throw unsafe('/metadata');
  if (parentAt(metadata, 'annotations', ANNOTATIONS_PATH) === undefined) {
    return [{ op: 'add', path: ANNOTATIONS_PATH, value: annotations }];
  }
  return entries.map(([key, value]) => ({
    op: 'add',
    path: `${ANNOTATIONS_PATH}/${pointerToken(key)}`,
    value,
  }));
}

function parentAt(object: JsonObject, key: string, path: string): JsonObject | undefined {
  const value = fieldOf(object, key);
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw unsafe(path);
  return value;
}

function unsafe(path: string): PerihelionError {
  return new PerihelionError('PERI_PATCH_UNSAFE', `${path} is not of the type that it must have`);
}
