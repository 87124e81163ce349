// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';

/** One mistake, and where it stands. */
export interface Mistake {
  readonly file: string;
  /** Line number, from 1; undefined where the field is not there. */
  readonly line: number | undefined;
  /** Number of the document in the file, from 1; undefined = the file as a whole. */
  readonly document: number | undefined;
  /** `FIELD: found …, expected …`. */
  readonly message: string;
}

/** The one form of every mistake: that of an InputError. */
export function messageOf(field: string, found: unknown, expected: string): string {
  return new InputError('PERI_POLICY_INVALID', field, found, expected).message;
}
