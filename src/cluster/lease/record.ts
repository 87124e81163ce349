// SPDX-License-Identifier: Apache-2.0
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import { microTime } from '#cluster/wire/micro-time.ts';

/** What a Lease says. */
export interface LeaseRecord {
  /** Empty = free. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** Milliseconds since the epoch, as the wall clock of the holder had it. */
  readonly acquiredAt: number;
  readonly renewedAt: number;
  /** How often the holder has changed. */
  readonly transitions: number;
}

/** A Lease as it was read. */
export interface ReadLease {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
  /** With what others have written there (labels, annotations, owners): a write replaces all of it. */
  readonly metadata: JsonObject;
}

/** Reads a raw Lease; a Lease without a spec is free. */
export function leaseRecord(raw: JsonObject): ReadLease {
  const spec = asObject(raw['spec']);
  const metadata = asObject(raw['metadata']);
  return {
    resourceVersion: asText(metadata['resourceVersion']),
    metadata,
    record: {
      holder: asText(spec['holderIdentity']),
      durationSeconds: asCount(spec['leaseDurationSeconds']),
      acquiredAt: asTime(spec['acquireTime']),
      renewedAt: asTime(spec['renewTime']),
      transitions: asCount(spec['leaseTransitions']),
    },
  };
}

/** The body that writes a record: a new Lease, or only over exactly the version that was read. */
export function leaseBody(
  lease: { readonly namespace: string; readonly name: string },
  record: LeaseRecord,
  read: Pick<ReadLease, 'metadata'> | undefined,
): JsonObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...read?.metadata, namespace: lease.namespace, name: lease.name },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.max(1, Math.round(record.durationSeconds)),
      acquireTime: microTime(record.acquiredAt),
      renewTime: microTime(record.renewedAt),
      leaseTransitions: record.transitions,
    },
  };
}

function asCount(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}

function asTime(value: unknown): number {
  const milliseconds = Date.parse(asText(value));
  return Number.isNaN(milliseconds) ? 0 : milliseconds;
}
