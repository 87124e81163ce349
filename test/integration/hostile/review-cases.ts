// SPDX-License-Identifier: Apache-2.0
import { AFFINITY_ROWS } from './affinity-cases.ts';
import type { HostileCase } from './attack.ts';
import { ENVELOPE_ROWS } from './envelope-cases.ts';
import { MARKER_ROWS } from './marker-cases.ts';
import { OWNERSHIP_ROWS } from './ownership-cases.ts';
import { casesOf } from './review-bodies.ts';
import { VALUE_ROWS } from './value-cases.ts';

/** What is wrong in a body that arrives whole. */
export const REVIEW_CASES: readonly HostileCase[] = [
  ENVELOPE_ROWS,
  OWNERSHIP_ROWS,
  AFFINITY_ROWS,
  MARKER_ROWS,
  VALUE_ROWS,
].flatMap(casesOf);
