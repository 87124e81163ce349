// SPDX-License-Identifier: Apache-2.0
import jsonPatch, { type Operation } from 'fast-json-patch';
import { parse as parseYaml } from 'yaml';
import type { JsonObject, KubeObject } from '#simulator/kube/kube.ts';
import { badRequest, invalid, StatusError } from './status.ts';

/** Patch types by media type. */
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

/**
 * Applies a patch body to an object and returns the new object. Strategic merge and server-side
 * apply are approximated by a JSON merge in which lists of named objects (webhooks, containers,
 * ports) merge by name; other lists are replaced, and nothing is ever pruned by ownership.
 *
 * @throws StatusError 400, 415 or 422
 */
export function applyPatch(mediaType: string, body: string, object: KubeObject): KubeObject {
  switch (mediaType) {
    case JSON_PATCH:
      return applyJsonPatch(parseBody(body), object);
    case MERGE_PATCH:
      return mergeObjects(object, parseBody(body) as JsonObject, replaceList) as KubeObject;
    case STRATEGIC_PATCH:
    case APPLY_PATCH:
      return mergeObjects(object, parseBody(body) as JsonObject, mergeByName) as KubeObject;
    default:
      throw new StatusError(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format: ${mediaType}`,
      );
  }
}

/** Applies RFC 6902 operations to a copy. @throws StatusError 422 where one cannot be applied */
export function applyJsonPatch(operations: unknown, object: KubeObject): KubeObject {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch must be an array');
  try {
    const copy = structuredClone(object);
    return jsonPatch.applyPatch(copy, operations as Operation[], true, true).newDocument;
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw invalid(`the server rejected our request due to an error in our request: ${message}`);
  }
}

/** Reads a body of JSON or YAML. @throws StatusError 400 */
export function parseBody(body: string): unknown {
  try {
    const value: unknown = body.trimStart().startsWith('{') ? JSON.parse(body) : parseYaml(body);
    if (typeof value !== 'object' || value === null) throw new SyntaxError('no object');
    return value;
  } catch (error) {
    throw badRequest(`the body cannot be read: ${error instanceof Error ? error.message : ''}`);
  }
}

/** What becomes of a list that a patch names. */
type ListRule = (target: unknown, patch: readonly unknown[]) => unknown[];

/** RFC 7386: null removes, objects merge; lists follow the rule, everything else replaces. */
function mergeObjects(target: unknown, patch: JsonObject, listRule: ListRule): JsonObject {
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') continue;
    if (value === null) Reflect.deleteProperty(result, key);
    else if (isObject(value)) result[key] = mergeObjects(result[key], value, listRule);
    else result[key] = Array.isArray(value) ? listRule(result[key], value) : value;
  }
  return result;
}

const replaceList: ListRule = (_, patch) => [...patch];

/** Entries with a known name are merged in place, others are appended. */
const mergeByName: ListRule = (target, patch) => {
  const known: readonly unknown[] = Array.isArray(target) ? target : [];
  if (![...known, ...patch].every(isNamed)) return [...patch];
  const merged: JsonObject[] = [...(known as JsonObject[])];
  for (const entry of patch as JsonObject[]) {
    const index = merged.findIndex((named) => named['name'] === entry['name']);
    if (index < 0) merged.push(entry);
    else merged[index] = mergeObjects(merged[index], entry, mergeByName);
  }
  return merged;
};

function isNamed(value: unknown): boolean {
  return isObject(value) && typeof value['name'] === 'string';
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
