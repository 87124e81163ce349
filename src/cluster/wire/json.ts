// SPDX-License-Identifier: Apache-2.0

/*
 * Reading JSON of the API server without trusting its shape: each accessor gives an empty value
 * of its type where the field is absent or of another type, as Go's decoder would.
 */

/** A JSON object of unknown fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object (no list, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The text, or an empty one. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The text, or undefined where it is absent or empty. */
export function asOptionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The list, or an empty one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of a list; other items are left out. */
export function asObjects(value: unknown): JsonObject[] {
  return asList(value).filter(isObject);
}

/** The texts of a list; other items are left out. */
export function asTexts(value: unknown): string[] {
  return asList(value).filter((item) => typeof item === 'string');
}

/** A map of texts, for example labels; other values are left out. */
export function asTextMap(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(asObject(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return entries.length === 0 ? NO_TEXTS : Object.fromEntries(entries);
}

/** Shared by every object without labels: most of memory is small maps. */
export const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({});
