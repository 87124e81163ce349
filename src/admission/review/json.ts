// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject } from '#cluster/wire/json.ts';

/*
 * Guards over parsed JSON. The Pod under review comes from outside and may be of a newer API than
 * this build knows, so it stays `unknown` and is read field by field; a field of the wrong type
 * reads as missing.
 */

export { isObject, type JsonObject };

/** The own property, so that `constructor` and the like never come from a prototype. */
export function fieldOf(object: JsonObject | undefined, key: string): unknown {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The object under `key`; undefined if it is missing, null or of another type. */
export function objectAt(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = fieldOf(object, key);
  return isObject(value) ? value : undefined;
}

/** The list under `key`; empty if it is missing, null or of another type. */
export function listAt(object: JsonObject | undefined, key: string): readonly unknown[] {
  const value = fieldOf(object, key);
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The objects in the list under `key`; anything else in it is left out. */
export function objectsAt(object: JsonObject | undefined, key: string): readonly JsonObject[] {
  return listAt(object, key).filter(isObject);
}

/** The string under `key`; undefined if it is missing or of another type. */
export function stringAt(object: JsonObject | undefined, key: string): string | undefined {
  const value = fieldOf(object, key);
  return typeof value === 'string' ? value : undefined;
}

/** The strings in the list under `key`. */
export function stringsAt(object: JsonObject | undefined, key: string): readonly string[] {
  return listAt(object, key).filter((value) => typeof value === 'string');
}

/** The string entries of the map under `key`; empty if there is no map. */
export function stringMapAt(
  object: JsonObject | undefined,
  key: string,
): Readonly<Record<string, string>> {
  const map = objectAt(object, key);
  if (map === undefined) return {};
  if (isStringMap(map)) return map;
  const entries = Object.entries(map).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

/** As it is in every valid object: then the map itself serves, and nothing is copied. */
function isStringMap(map: JsonObject): map is Readonly<Record<string, string>> {
  return Object.values(map).every((value) => typeof value === 'string');
}
