// SPDX-License-Identifier: Apache-2.0
import type { Missing, MissingReason } from './reading.ts';
import type { Window } from './source.ts';

/** The time between the two samples that a counter difference really spans. */
export interface Span {
  readonly kind: 'span';
  readonly seconds: number;
  /** Age of the later sample at the end of the window. */
  readonly ageSeconds: number;
}

/** Builds a {@link Missing}. */
export function missing(reason: MissingReason, detail: string): Missing {
  return { kind: 'missing', reason, detail };
}

/** Age of a sample at the end of the window; a sample from a clock ahead of ours has age 0. */
export function ageSeconds(sampledAt: number, time: number): number {
  return Math.max(0, (time - sampledAt) / 1000);
}

/**
 * Checks the two samples of a counter: each must be there and fresh at its end of the window,
 * and they must be two. `before` and `after` are their times, milliseconds since the epoch.
 */
export function spanOf(
  window: Window,
  samples: { readonly before: number | undefined; readonly after: number | undefined },
  limits: { readonly staleAfterSeconds: number; readonly subject: string },
): Span | Missing {
  const { before, after } = samples;
  const { staleAfterSeconds, subject } = limits;
  if (after === undefined) return missing('stale', `${subject}: no sample at the window's end`);
  const age = ageSeconds(after, window.to);
  if (age > staleAfterSeconds) {
    return missing('stale', `${subject}: newest sample is ${age.toFixed(0)} s old`);
  }
  if (before === undefined) return missing('absent', `${subject}: no sample at the window's start`);
  const ageBefore = ageSeconds(before, window.from);
  if (ageBefore > staleAfterSeconds) {
    const old = ageBefore.toFixed(0);
    return missing('stale', `${subject}: sample at the window's start is ${old} s old`);
  }
  const seconds = (after - before) / 1000;
  if (seconds <= 0) return missing('too-few-samples', `${subject}: one sample in the window`);
  return { kind: 'span', seconds, ageSeconds: age };
}
