// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import type { VersionsEntry } from './entry.ts';

/** A JSON object that is safe to build from foreign keys. */
export type Fields = Record<string, unknown>;

/** Exactly the documented fields. */
export function versionsFields(versions: VersionsEntry): Fields {
  return { perihelion: versions.perihelion, kubernetes: versions.kubernetes };
}

/** {@link finite} for a field that may be left out. */
export function optionalFinite(field: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : finite(field, value);
}

/**
 * JSON has no NaN and no Infinity, and would silently write null for them.
 * @throws PerihelionError PERI_AUDIT_MALFORMED
 */
export function finite(field: string, value: number): number {
  if (!Number.isFinite(value)) throw malformed(`${field}: ${value} is not a finite number`);
  return value;
}

/** The error of an entry that cannot become a line. */
export function malformed(message: string): PerihelionError {
  return new PerihelionError('PERI_AUDIT_MALFORMED', message);
}
