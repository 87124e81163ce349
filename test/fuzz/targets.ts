// SPDX-License-Identifier: Apache-2.0
import type { FuzzTarget } from './target.ts';
import { auditTarget } from './targets/audit.ts';
import { expositionTarget } from './targets/exposition.ts';
import { policyTarget } from './targets/policy.ts';
import { reviewTarget } from './targets/review.ts';
import { specificationTarget } from './targets/specification.ts';

/** Every target by its name, which is also its folder in the corpus. */
export const TARGETS: Readonly<Record<string, () => FuzzTarget>> = {
  review: reviewTarget,
  exposition: expositionTarget,
  policy: policyTarget,
  audit: auditTarget,
  specification: specificationTarget,
};
