// SPDX-License-Identifier: Apache-2.0

/** How bad a finding is. `warning`: it works, but not well, or it could not be looked at. */
export const LEVELS = ['ok', 'warning', 'problem'] as const;
export type Level = (typeof LEVELS)[number];

/** One thing that was looked at. */
export interface Finding {
  /** Stable word for what was looked at, for example `webhook` or `lease`. */
  readonly check: string;
  readonly level: Level;
  /** One line. */
  readonly message: string;
  /** The command that mends it; undefined where there is nothing to mend. */
  readonly remedy?: string;
}

/** Makes the findings of one check. */
export interface Findings {
  readonly ok: (message: string) => Finding;
  readonly warning: (message: string, remedy?: string) => Finding;
  readonly problem: (message: string, remedy?: string) => Finding;
}

/** The findings of the check with that name. */
export function findingsOf(check: string): Findings {
  const bad = (level: Level, message: string, remedy: string | undefined): Finding =>
    remedy === undefined ? { check, level, message } : { check, level, message, remedy };
  return {
    ok: (message) => ({ check, level: 'ok', message }),
    warning: (message, remedy) => bad('warning', message, remedy),
    problem: (message, remedy) => bad('problem', message, remedy),
  };
}

/** What a question to the cluster came to: not being allowed to ask is no answer, and no fault. */
export type Answer<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Asks, and keeps a refusal as one. */
export async function answerOf<T>(question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'known', value: await question() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'unknown', reason: message.split('\n')[0] ?? '' };
  }
}
