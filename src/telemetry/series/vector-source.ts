// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import type { Selection, Vector } from './selection.ts';
import type { Window } from '#telemetry/reading/source.ts';

/**
 * What a backend must be able to answer; the readers turn the answers into readings. Times are
 * milliseconds since the epoch. "At" an instant means the newest sample at or before it; the
 * backend may look back as far as it likes, because the readers check the age.
 */
export interface VectorSource {
  /** The value of every series at an instant, combined. */
  value(selection: Selection, time: number): Promise<Vector>;
  /** When that value was sampled, milliseconds since the epoch: the newest by the labels kept. */
  sampledAt(selection: Selection, time: number): Promise<Vector>;
  /** The sum over the samples of a window (later than `from`, up to `to`), combined. */
  sum(selection: Selection, window: Window): Promise<Vector>;
  /** The names of those selections that any series answers at an instant: one question. */
  present(selections: readonly Selection[], time: number): Promise<ReadonlySet<string>>;
  /** The least of those samples by the labels kept. */
  least(selection: Selection, window: Window): Promise<Vector>;
  /** How many samples that sum has, combined. */
  count(selection: Selection, window: Window): Promise<Vector>;
}

/** Answers by name; undefined = this one could not be had. */
export type Answers<K extends string> = Readonly<Record<K, Vector | undefined>>;

/**
 * Waits for several answers. One that fails becomes undefined and a warning; only if none could
 * be had does it reject, with `PERI_TELEMETRY_UNAVAILABLE`.
 */
export async function gather<K extends string>(
  questions: Readonly<Record<K, Promise<Vector>>>,
  warn: (message: string) => void,
): Promise<Answers<K>> {
  const names = Object.keys(questions) as K[];
  const settled = await Promise.allSettled(names.map((name) => questions[name]));
  const answers = {} as Record<K, Vector | undefined>;
  let failure: unknown;
  let failures = 0;
  for (const [index, name] of names.entries()) {
    const outcome = settled[index];
    answers[name] = outcome?.status === 'fulfilled' ? outcome.value : undefined;
    if (outcome?.status !== 'rejected') continue;
    failure = outcome.reason;
    failures += 1;
    warn(`${name}: ${describeError(failure)}`);
  }
  if (failures > 0 && failures === names.length) {
    throw new PerihelionError(
      'PERI_TELEMETRY_UNAVAILABLE',
      `no metrics could be read: ${describeError(failure)}`,
      { cause: failure },
    );
  }
  return answers;
}

/** One line about anything thrown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
