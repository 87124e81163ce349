// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import { matchesSelector, parseLabelSelector } from '#simulator/kube/selectors.ts';
import { badRequest } from './status.ts';

/** Decides whether an object belongs to a list or watch. */
export type ObjectFilter = (object: KubeObject) => boolean;

/**
 * Builds the filter of `labelSelector` and `fieldSelector`. Fields are paths into the object
 * (`metadata.name`, `spec.nodeName`, `status.phase`, `involvedObject.uid`).
 *
 * @throws StatusError 400 where a selector cannot be read
 */
export function objectFilter(parameters: URLSearchParams): ObjectFilter {
  const text = parameters.get('labelSelector') ?? '';
  const selector = parseLabelSelector(text);
  if (selector === undefined) throw badRequest(`unable to parse requirement: ${text}`);
  const fields = fieldTests(parameters.get('fieldSelector') ?? '');
  return (object) =>
    matchesSelector(object.metadata.labels ?? {}, selector) && fields.every((test) => test(object));
}

function fieldTests(text: string): ObjectFilter[] {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const match = /^([A-Za-z.]+)\s*(==|=|!=)(.*)$/.exec(part.trim());
    if (match === null) throw badRequest(`invalid field selector: ${part}`);
    const path = (match[1] ?? '').split('.');
    const wanted = match[3] ?? '';
    const negated = match[2] === '!=';
    return (object) => (fieldAt(object, path) === wanted) !== negated;
  });
}

/** The value of a field as text; a missing one is empty. */
function fieldAt(object: KubeObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return '';
    value = (value as Record<string, unknown>)[key];
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** How objects go out: whole, or their metadata only. */
export interface View {
  readonly metadataOnly: boolean;
}

/** Reads the `Accept` header. */
export function viewOf(accept: string | undefined): View {
  const first = (accept ?? '').split(',')[0] ?? '';
  return { metadataOnly: /as=PartialObjectMetadata(List)?(;|$)/.test(first.trim()) };
}

/** The object as this view shows it. */
export function project(object: KubeObject, view: View): unknown {
  if (!view.metadataOnly) return object;
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata,
  };
}
