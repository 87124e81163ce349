// SPDX-License-Identifier: Apache-2.0
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';
import { PerihelionError } from '#errors';
import type { OwnerReference, SlimOwner } from './slim.ts';

/** The controller of an object, from its raw `metadata`; undefined = none. */
export function projectController(metadata: JsonObject): OwnerReference | undefined {
  const reference = asObjects(metadata['ownerReferences']).find(
    (candidate) => candidate['controller'] === true,
  );
  if (reference === undefined) return undefined;
  return {
    apiVersion: asText(reference['apiVersion']),
    kind: asText(reference['kind']),
    name: asText(reference['name']),
    uid: asText(reference['uid']),
  };
}

/**
 * Projects owners of one kind. The kind is given, because metadata-only answers call themselves
 * `PartialObjectMetadata`.
 */
export function projectOwner(kind: string): (raw: JsonObject) => SlimOwner {
  return (raw) => {
    const metadata = asObject(raw['metadata']);
    return {
      kind,
      namespace: asText(metadata['namespace']),
      name: asText(metadata['name']),
      uid: asText(metadata['uid']),
      owner: projectController(metadata),
    };
  };
}

/**
 * A time of the API in milliseconds since the epoch; undefined where there is none. In JSON it is
 * a text of RFC 3339, from protobuf a Date.
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` for text that is no time
 */
export function time(raw: unknown, field: string): number | undefined {
  if (raw === undefined || raw === null) return undefined;
  let milliseconds = Number.NaN;
  if (typeof raw === 'string') milliseconds = Date.parse(raw);
  else if (raw instanceof Date) milliseconds = raw.getTime();
  if (Number.isNaN(milliseconds)) throw unreadable(field, raw);
  return milliseconds;
}

/**
 * The same, for a field that every stored object has.
 * @throws PerihelionError `PERI_KUBERNETES_OBJECT` where it is missing or no time
 */
export function requiredTime(raw: unknown, field: string): number {
  const milliseconds = time(raw, field);
  if (milliseconds === undefined) throw unreadable(field, raw);
  return milliseconds;
}

/** When a condition became True; undefined while it is not. */
export function trueSince(conditions: readonly JsonObject[], type: string): number | undefined {
  const condition = conditions.find((candidate) => candidate['type'] === type);
  if (condition?.['status'] !== 'True') return undefined;
  return time(condition['lastTransitionTime'], `status.conditions ${type}`);
}

function unreadable(field: string, found: unknown): PerihelionError {
  const text = found === undefined ? 'nothing' : JSON.stringify(found);
  return new PerihelionError(
    'PERI_KUBERNETES_OBJECT',
    `${field}: found ${text}, expected a time of RFC 3339`,
  );
}
