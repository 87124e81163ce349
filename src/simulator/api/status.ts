// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import type { JsonObject } from '#simulator/kube/kube.ts';
import type { Resource } from './resources.ts';

/** An answer of the API server that is not success: carries the `Status` object it sends. */
export class StatusError extends PerihelionError {
  readonly httpStatus: number;
  readonly reason: string;

  constructor(httpStatus: number, reason: string, message: string) {
    super('PERI_KUBERNETES_REQUEST', message);
    this.name = 'StatusError';
    this.httpStatus = httpStatus;
    this.reason = reason;
  }

  /** The `Status` object. */
  get body(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      code: this.httpStatus,
    };
  }
}

function qualified(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** 404: no such object. */
export function notFound(resource: Resource, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(resource)} "${name}" not found`);
}

/** 404: no such path. */
export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource');
}

/** 409: the name is taken. */
export function alreadyExists(resource: Resource, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`);
}

/** 409: the caller's resourceVersion or UID is not the current one. */
export function conflict(resource: Resource, name: string, detail: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${detail}`;
  return new StatusError(409, 'Conflict', message);
}

/** The detail of a {@link conflict} over resourceVersion. */
export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 410: the resourceVersion or continue token is too old. */
export function expired(): StatusError {
  return new StatusError(410, 'Expired', 'too old resource version');
}

/** 400: the request cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

/** 422: the object is not valid. */
export function invalid(message: string): StatusError {
  return new StatusError(422, 'Invalid', message);
}
