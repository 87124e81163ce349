// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { fieldOf, isObject, type JsonObject } from './json.ts';
import { PREFERRED, type Merge, type PreferredTerm } from './merge.ts';

/** One operation of RFC 6902. Never `test`: a failed test refuses the Pod, even with `Ignore`. */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

const ANNOTATIONS_PATH = '/metadata/annotations';
const AFFINITY_PATH = '/spec/affinity';

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
  if (merge.term !== undefined) operations.push(appendTerm(pod, merge.term));
  return operations;
}

/** One `add` at the shallowest parent that is missing; an explicit `null` counts as missing. */
function appendTerm(pod: JsonObject, term: PreferredTerm): PatchOperation {
  const spec = fieldOf(pod, 'spec');
  if (!isObject(spec)) throw unsafe('/spec');
  const affinity = parentAt(spec, 'affinity', AFFINITY_PATH);
  if (affinity === undefined) {
    return { op: 'add', path: AFFINITY_PATH, value: { nodeAffinity: { [PREFERRED]: [term] } } };
  }
  const nodePath = `${AFFINITY_PATH}/nodeAffinity`;
  const nodeAffinity = parentAt(affinity, 'nodeAffinity', nodePath);
  if (nodeAffinity === undefined) {
    return { op: 'add', path: nodePath, value: { [PREFERRED]: [term] } };
  }
  const listPath = `${nodePath}/${PREFERRED}`;
  const list = fieldOf(nodeAffinity, PREFERRED);
  if (list === undefined || list === null) return { op: 'add', path: listPath, value: [term] };
  if (!Array.isArray(list)) throw unsafe(listPath);
  return { op: 'add', path: `${listPath}/-`, value: term };
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
