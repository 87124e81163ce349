// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import type { FailureReason } from '#admission/review/reasons.ts';
import { DeadlineError } from '#admission/server/deadline.ts';

/** What the user reads in a warning. */
export const FAILURE_TEXTS: Readonly<Record<FailureReason, string>> = {
  deadline: 'no time was left to choose a target',
  'patch-unsafe': 'PERI_PATCH_UNSAFE, a patch did not pass its check',
  'unreadable-pod': 'the Pod could not be read',
  internal: 'an internal error, see the log',
};

/** Which of the counted reasons an error is. */
export function failureReason(error: unknown): FailureReason {
  if (error instanceof DeadlineError) return 'deadline';
  if (!(error instanceof PerihelionError)) return 'internal';
  if (error.code === 'PERI_PATCH_UNSAFE') return 'patch-unsafe';
  const unreadable = ['PERI_REVIEW_MALFORMED', 'PERI_KUBERNETES_OBJECT'];
  return unreadable.includes(error.code) ? 'unreadable-pod' : 'internal';
}

/** The kind of an error: what a log may say of a foreign one, whose message can hold anything. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
