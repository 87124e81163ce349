// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { fieldOf, isObject, objectAt, stringAt, type JsonObject } from './json.ts';
import type { PatchOperation } from './patch-operation.ts';

/** The only version spoken; `v1beta1` left Kubernetes with 1.22. */
export const REVIEW_VERSION = 'admission.k8s.io/v1';

/** Longest warning that the API server passes on uncut, in characters. */
export const WARNING_LIMIT = 120;

/** Group, version and kind (or resource) of a request. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  /** `Pod` for a kind, `pods` for a resource. */
  readonly name: string;
}

/** What is used of `AdmissionReview.request`. Fields of a wrong type read as empty. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: GroupVersion;
  readonly resource: GroupVersion;
  readonly subResource: string;
  readonly operation: string;
  readonly namespace: string;
  readonly name: string;
  readonly dryRun: boolean;
  readonly object: JsonObject | undefined;
}

/** `AdmissionReview.response`; `patch` and `patchType` are both there or both absent. */
export interface AdmissionResponse {
  readonly uid: string;
  /** The type says it: nothing here can refuse a Pod. */
  readonly allowed: true;
  readonly patchType?: 'JSONPatch';
  /** Base64 of the JSON of the operations. */
  readonly patch?: string;
  readonly warnings?: readonly string[];
  /** Bare keys: the API server puts the webhook's name and a slash before them. */
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** The body of an answer. */
export interface AdmissionReview {
  readonly apiVersion: typeof REVIEW_VERSION;
  readonly kind: 'AdmissionReview';
  readonly response: AdmissionResponse;
}

/** What goes with an answer for people and for the API server's audit log. */
export interface Remarks {
  readonly warnings?: readonly string[] | undefined;
  readonly auditAnnotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Reads a request body. Only the envelope is checked: version, kind and a usable `request.uid`,
 * because without a uid no answer would be accepted.
 * @throws PerihelionError `PERI_REVIEW_MALFORMED`, one line that names the field.
 */
export function parseReview(body: unknown): AdmissionRequest {
  if (!isObject(body)) throw malformed('the body is not a JSON object');
  const apiVersion = stringAt(body, 'apiVersion');
  if (apiVersion !== REVIEW_VERSION) {
    throw malformed(`apiVersion ${quoted(apiVersion)} is not ${REVIEW_VERSION}`);
  }
  const kind = stringAt(body, 'kind');
  if (kind !== 'AdmissionReview') throw malformed(`kind ${quoted(kind)} is not AdmissionReview`);
  const request = objectAt(body, 'request');
  if (request === undefined) throw malformed('request is missing');
  const uid = stringAt(request, 'uid');
  if (uid === undefined || uid === '') throw malformed('request.uid is missing');
  return {
    uid,
    kind: groupVersion(objectAt(request, 'kind'), 'kind'),
    resource: groupVersion(objectAt(request, 'resource'), 'resource'),
    subResource: stringAt(request, 'subResource') ?? '',
    operation: stringAt(request, 'operation') ?? '',
    namespace: stringAt(request, 'namespace') ?? '',
    name: stringAt(request, 'name') ?? '',
    dryRun: fieldOf(request, 'dryRun') === true,
    object: objectAt(request, 'object'),
  };
}

/** Allowed as it is, with nothing to say. */
export function allowed(uid: string): AdmissionReview {
  return review({ uid, allowed: true });
}

/**
 * Allowed with a patch. An empty list of operations is no patch.
 *
 * @param text JSON of the operations, where it is there already
 */
export function patched(
  uid: string,
  operations: readonly PatchOperation[],
  remarks: Remarks = {},
  text: string = JSON.stringify(operations),
): AdmissionReview {
  if (operations.length === 0) return review({ uid, allowed: true, ...shaped(remarks) });
  const patch = Buffer.from(text, 'utf8').toString('base64');
  return review({ uid, allowed: true, patchType: 'JSONPatch', patch, ...shaped(remarks) });
}

/** Allowed as it is; `reason` goes to the API server's audit log. */
export function skipped(uid: string, reason: string, remarks: Remarks = {}): AdmissionReview {
  const auditAnnotations = { outcome: 'skipped', reason, ...remarks.auditAnnotations };
  return review({ uid, allowed: true, ...shaped({ ...remarks, auditAnnotations }) });
}

/** Allowed as it is, because something of ours went wrong; the user sees a warning. */
export function errored(uid: string, reason: string, message: string): AdmissionReview {
  return review({
    uid,
    allowed: true,
    ...shaped({
      warnings: [`perihelion: ${message}; the Pod is left to the scheduler`],
      auditAnnotations: { outcome: 'failed', reason },
    }),
  });
}

/** One line of printable characters, not longer than the API server passes on. */
export function warningText(text: string): string {
  // The API server drops a warning with control characters silently, so they become spaces.
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim();
  const characters = Array.from(line);
  if (characters.length <= WARNING_LIMIT) return line;
  return `${characters.slice(0, WARNING_LIMIT - 3).join('')}...`;
}

function shaped(remarks: Remarks): Partial<AdmissionResponse> {
  const { warnings, auditAnnotations } = remarks;
  return {
    ...(warnings !== undefined && warnings.length > 0
      ? { warnings: warnings.map(warningText) }
      : {}),
    ...(auditAnnotations === undefined ? {} : { auditAnnotations }),
  };
}

function review(response: AdmissionResponse): AdmissionReview {
  return { apiVersion: REVIEW_VERSION, kind: 'AdmissionReview', response };
}

function groupVersion(object: JsonObject | undefined, field: 'kind' | 'resource'): GroupVersion {
  return {
    group: stringAt(object, 'group') ?? '',
    version: stringAt(object, 'version') ?? '',
    name: stringAt(object, field) ?? '',
  };
}

function quoted(text: string | undefined): string {
  return text === undefined ? '(none)' : JSON.stringify(text.slice(0, 60));
}

function malformed(detail: string): PerihelionError {
  return new PerihelionError('PERI_REVIEW_MALFORMED', `not an AdmissionReview: ${detail}`);
}
