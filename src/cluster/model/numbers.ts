// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';

/**
 * The shortest decimal that reads back as the same double, negative zero included.
 * @throws PerihelionError `PERI_MODEL_MALFORMED` for a number that is not finite
 */
export function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw malformed('a number', `${value} is not finite`);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** @throws PerihelionError `PERI_MODEL_MALFORMED` for a number beyond all doubles */
export function decodeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw malformed('a number', `${text} is out of range`);
  return value;
}

/** The error of a PlacementModel that cannot be written or read. */
export function malformed(field: string, problem: string): PerihelionError {
  return new PerihelionError('PERI_MODEL_MALFORMED', `PlacementModel ${field}: ${problem}`);
}
